//! The vendors of this server: who may be asked for a project, made out of keys, wishes and settings.
//!
//! One place knows all adapters. What each of them does is in its own file.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use model::choice::Choice;

use crate::abilities::{Abilities, Candidate, Candidates};
use crate::align::AlignProvider;
use crate::aligner::Aligner;
use crate::api::Api;
use crate::character::CharacterProvider;
use crate::choice::order;
use crate::clip::ClipProvider;
use crate::composer::Composer;
use crate::edge::Edge;
use crate::error::ProviderError;
use crate::espeak::Espeak;
use crate::http::Http;
use crate::image::ImageProvider;
use crate::keys::{Key, Keys};
use crate::music::MusicVendor;
use crate::poster::PosterArtist;
use crate::prompts::Prompts;
use crate::script::ScriptProvider;
use crate::settings::Settings;
use crate::speech::SpeechProvider;
use crate::stock::{StockClips, StockImages, StockProvider};
use crate::vendor::{Ability, Access, Vendor};
use crate::voice;
use crate::{elevenlabs, gemini, groq, ollama, openai, openverse, pexels, pixabay, suno, vertex};

/// A stand-in for all vendors asks for keys as they do, and takes any.
const STAND_IN_KEY: &str = "stand-in-key";

/// All vendors, as this server is set up.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The client of all calls.
    pub http: Http,
    /// Addresses, models and voices.
    pub settings: Settings,
    /// The server's own keys.
    pub keys: Keys,
    /// The server's wishes.
    pub choice: Choice,
    /// The prompts.
    pub prompts: Prompts,
    /// The clock: some vendors turn away whoever does not know the time.
    pub now: fn() -> DateTime<Utc>,
}

/// What a project, its user and their keys ask for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Keys that count before the server's.
    pub keys: Keys,
    /// Wishes that count before the server's.
    pub choice: Choice,
    /// How fast narrations are spoken.
    pub speech_speed: f64,
}

impl Default for Wish {
    fn default() -> Self {
        Self { keys: Keys::default(), choice: Choice::default(), speech_speed: 1.0 }
    }
}

impl Catalogue {
    /// Who may be asked for what.
    pub fn abilities(&self, wish: &Wish) -> Abilities {
        let asked = self.asked(wish);
        Abilities {
            scripts: asked.candidates(Ability::Script, Asked::writer),
            images: asked.candidates(Ability::Image, Asked::artist),
            speech: asked.candidates(Ability::Speech, Asked::narrator),
            align: asked.candidates(Ability::Align, Asked::aligner),
            clips: asked.candidates(Ability::Clip, Asked::animator),
            music: asked.candidates(Ability::Music, Asked::composer),
            describers: asked.of_characters(Ability::Script),
            portraitists: asked.of_characters(Ability::Image),
            fallback: asked.choice.fallback == Some(true),
            speech_speed: wish.speech_speed,
        }
    }

    /// Whether a vendor can be asked at all with these keys.
    pub fn is_set_up(&self, vendor: Vendor, wish: &Wish) -> bool {
        vendor.access() != Access::Key || self.asked(wish).is_set_up(vendor)
    }

    /// Asks a vendor, free of charge, whether its key and model work. Answers what was found.
    ///
    /// # Errors
    /// Why it can't be used.
    pub async fn probe(&self, vendor: Vendor, wish: &Wish) -> Result<String, ProviderError> {
        let asked = self.asked(wish);
        let api = || asked.api(vendor);
        let model = |ability| asked.model(vendor, ability);
        match vendor {
            Vendor::Gemini => gemini::models::probe(&api(), &model(Ability::Script)).await,
            Vendor::OpenAi => openai::models::probe(&api(), &model(Ability::Script)).await,
            Vendor::Ollama => ollama::probe(&api(), &model(Ability::Script)).await,
            Vendor::ElevenLabs => elevenlabs::probe(&api(), &model(Ability::Speech)).await,
            Vendor::Groq => groq::probe(&api(), &model(Ability::Speech)).await,
            Vendor::Suno => suno::probe(&api()).await,
            Vendor::Vertex => vertex::probe(&api(), &self.settings, &model(Ability::Clip)).await,
            Vendor::Pexels => pexels::probe(&api()).await,
            Vendor::Pixabay => pixabay::probe(&api()).await,
            Vendor::Openverse => openverse::probe(&api()).await,
            Vendor::Edge => {
                let voices = asked.edge().voices().await?;
                Ok(format!("answers, with {} voices", voices.len()))
            }
            Vendor::Espeak | Vendor::Poster | Vendor::Composer | Vendor::Aligner => Ok("works on this machine".to_owned()),
        }
    }

    /// Whether the voice is there that a vendor of speech uses where a project names none, found out free of charge. `None` for
    /// who does not speak, or needs no asking.
    ///
    /// # Errors
    /// [`ProviderError::Fatal`] when it is not there, with those that are; others when the list can't be had.
    pub async fn check_voice(&self, vendor: Vendor, wish: &Wish) -> Result<Option<String>, ProviderError> {
        if vendor.access() == Access::Local || !Ability::Speech.vendors().contains(&vendor) {
            return Ok(None);
        }
        let asked = self.asked(wish);
        let narrator = asked.narrator(vendor, asked.model(vendor, Ability::Speech))?;
        voice::check(vendor, &*narrator).await.map(Some)
    }

    fn asked<'a>(&'a self, wish: &Wish) -> Asked<'a> {
        Asked { catalogue: self, keys: wish.keys.clone().or(&self.keys), choice: wish.choice.or(&self.choice) }
    }
}

/// A wish together with what the server has.
struct Asked<'a> {
    catalogue: &'a Catalogue,
    keys: Keys,
    choice: Choice,
}

impl Asked<'_> {
    /// The candidates for an ability, each made by `make`.
    fn candidates<T: ?Sized>(
        &self,
        ability: Ability,
        make: impl Fn(&Self, Vendor, String) -> Result<Arc<T>, ProviderError>,
    ) -> Candidates<T> {
        let vendors = order(ability, &self.choice, |vendor| self.is_set_up(vendor))?;
        let candidate = |vendor: Vendor| {
            let model = self.model(vendor, ability);
            let provider = make(self, vendor, model.clone())?;
            let own_key = self.keys.get(vendor).is_some_and(|key| key.own);
            Ok(Candidate { vendor: vendor.name().to_owned(), model, own_key, local: vendor.access() == Access::Local, provider })
        };
        vendors.into_iter().map(candidate).collect()
    }

    /// Who looks at characters' pictures: those of the ability that can, with their models of that ability. Without any, whoever
    /// else can.
    fn of_characters(&self, ability: Ability) -> Candidates<dyn CharacterProvider> {
        let other = if ability == Ability::Script { Ability::Image } else { Ability::Script };
        let wished = [ability, other].map(|ability| order(ability, &self.choice, |vendor| self.is_set_up(vendor)));
        let able = wished.into_iter().map(|vendors| {
            let vendors = vendors.unwrap_or_default().into_iter();
            vendors.filter(|vendor| matches!(vendor, Vendor::Gemini | Vendor::OpenAi)).collect::<Vec<_>>()
        });
        let Some(vendors) = able.into_iter().find(|vendors| !vendors.is_empty()) else {
            let message = "nothing here can look at a character's picture: set GEMINI_API_KEY or OPENAI_API_KEY";
            return Err(ProviderError::Unavailable(message.to_owned()));
        };
        let candidate = |vendor: Vendor| {
            let own_key = self.keys.get(vendor).is_some_and(|key| key.own);
            let (name, model) = (vendor.name().to_owned(), self.model(vendor, ability));
            Candidate { vendor: name, model, own_key, local: false, provider: self.looker(vendor) }
        };
        Ok(vendors.into_iter().map(candidate).collect())
    }

    fn looker(&self, vendor: Vendor) -> Arc<dyn CharacterProvider> {
        let (api, prompts) = (self.api(vendor), self.catalogue.prompts.clone());
        let [words, pictures] = [Ability::Script, Ability::Image].map(|ability| self.model(vendor, ability));
        match vendor {
            Vendor::OpenAi => Arc::new(openai::characters::OpenAiCharacters::new(api, words, pictures, prompts)),
            _ => Arc::new(gemini::characters::GeminiCharacters::new(api, words, pictures, prompts)),
        }
    }

    fn is_set_up(&self, vendor: Vendor) -> bool {
        let settings = &self.catalogue.settings;
        // A server of the user's own may want no key.
        let own_server = matches!(vendor, Vendor::OpenAi | Vendor::Ollama) && settings.of(vendor).base_url.is_some();
        let stand_in = settings.stand_in.is_some() && vendor != Vendor::Vertex;
        self.keys.get(vendor).is_some() || own_server || stand_in
    }

    fn key(&self, vendor: Vendor) -> Option<Key> {
        let stand_in = || self.catalogue.settings.stand_in.as_ref().map(|_| Key::system(STAND_IN_KEY));
        self.keys.get(vendor).cloned().or_else(stand_in)
    }

    /// The wish for a model counts only for the vendor that has it: an old project's `veo` says nothing to Pexels.
    fn model(&self, vendor: Vendor, ability: Ability) -> String {
        let wanted = self.choice.models.get(ability.name()).map(String::as_str).filter(|_| {
            match self.choice.vendors.get(ability.name()) {
                Some(vendors) => vendors.first().is_some_and(|first| Vendor::from_name(first) == Some(vendor)),
                None => ability.vendors().iter().find(|first| self.is_set_up(**first)) == Some(&vendor),
            }
        });
        let model = self.catalogue.settings.model(vendor, ability, wanted);
        if model.is_empty() { built_in_model(vendor) } else { model }
    }

    fn api(&self, vendor: Vendor) -> Api {
        let (http, settings) = (self.catalogue.http.clone(), &self.catalogue.settings);
        let (base, key) = (settings.base_url(vendor), self.key(vendor));
        match vendor {
            Vendor::OpenAi => openai::api(http, base, key),
            Vendor::Ollama => ollama::api(http, base, key),
            Vendor::ElevenLabs => elevenlabs::api(http, base, key),
            Vendor::Groq => groq::api(http, base, key),
            Vendor::Suno => suno::api(http, base, key),
            Vendor::Vertex => vertex::api(http, vertex::base_url(settings), key),
            Vendor::Pexels => pexels::api(http, base, key),
            Vendor::Pixabay => pixabay::api(http, base, key),
            Vendor::Openverse => openverse::api(http, base, self.keys.get(vendor).cloned()),
            _ => gemini::api(http, base, key),
        }
    }

    fn voice(&self, vendor: Vendor) -> Option<String> {
        self.catalogue.settings.of(vendor).voice
    }

    fn writer(&self, vendor: Vendor, model: String) -> Result<Arc<dyn ScriptProvider>, ProviderError> {
        let (api, prompts) = (self.api(vendor), self.catalogue.prompts.clone());
        Ok(match vendor {
            Vendor::Gemini => Arc::new(gemini::scripts::GeminiScripts::new(api, model, prompts)),
            Vendor::OpenAi => Arc::new(openai::scripts::OpenAiScripts::new(api, model, prompts)),
            Vendor::Ollama => Arc::new(ollama::OllamaScripts::new(api, model, prompts)),
            other => return Err(unable(other, Ability::Script)),
        })
    }

    fn artist(&self, vendor: Vendor, model: String) -> Result<Arc<dyn ImageProvider>, ProviderError> {
        let prompts = self.catalogue.prompts.clone();
        Ok(match vendor {
            Vendor::Gemini => Arc::new(gemini::images::GeminiImages::new(self.api(vendor), model, prompts)),
            Vendor::OpenAi => Arc::new(openai::images::OpenAiImages::new(self.api(vendor), model, prompts)),
            Vendor::Poster => Arc::new(PosterArtist),
            stock => Arc::new(StockImages::new(stock, self.stock(stock)?)),
        })
    }

    fn stock(&self, vendor: Vendor) -> Result<Arc<dyn StockProvider>, ProviderError> {
        let api = self.api(vendor);
        Ok(match vendor {
            Vendor::Pexels => Arc::new(pexels::Pexels::new(api)),
            Vendor::Pixabay => Arc::new(pixabay::Pixabay::new(api)),
            Vendor::Openverse => Arc::new(openverse::Openverse::new(api)),
            other => return Err(unable(other, Ability::Image)),
        })
    }

    fn narrator(&self, vendor: Vendor, model: String) -> Result<Arc<dyn SpeechProvider>, ProviderError> {
        let set = self.voice(vendor);
        Ok(match vendor {
            Vendor::ElevenLabs => Arc::new(elevenlabs::speech::ElevenLabsSpeech::new(self.api(vendor), model, set)),
            Vendor::Gemini => Arc::new(gemini::speech::GeminiSpeech::new(self.api(vendor), model, set, None)),
            Vendor::OpenAi => Arc::new(openai::speech::OpenAiSpeech::new(self.api(vendor), model, set)),
            Vendor::Groq => Arc::new(groq::GroqSpeech::new(self.api(vendor), model, set)),
            Vendor::Edge => Arc::new(self.edge()),
            Vendor::Espeak => Arc::new(Espeak),
            other => return Err(unable(other, Ability::Speech)),
        })
    }

    fn edge(&self) -> Edge {
        let Catalogue { http, settings, now, .. } = self.catalogue;
        Edge::new(http.clone(), &settings.base_url(Vendor::Edge), self.voice(Vendor::Edge), *now)
    }

    fn aligner(&self, vendor: Vendor, model: String) -> Result<Arc<dyn AlignProvider>, ProviderError> {
        Ok(match vendor {
            Vendor::Aligner => Arc::new(Aligner),
            Vendor::ElevenLabs => Arc::new(elevenlabs::alignment::ElevenLabsAlignment::new(self.api(vendor), model)),
            other => return Err(unable(other, Ability::Align)),
        })
    }

    fn animator(&self, vendor: Vendor, model: String) -> Result<Arc<ClipProvider>, ProviderError> {
        let Catalogue { settings, prompts, .. } = self.catalogue;
        Ok(match vendor {
            Vendor::Gemini => Arc::new(gemini::clips::GeminiClips::new(self.api(vendor), model, prompts.clone())),
            Vendor::Vertex => Arc::new(vertex::clips::VertexClips::new(self.api(vendor), settings, model, prompts.clone())?),
            stock => Arc::new(StockClips::new(stock, self.stock(stock)?)),
        })
    }

    fn composer(&self, vendor: Vendor, model: String) -> Result<Arc<MusicVendor>, ProviderError> {
        let (api, prompts) = (self.api(vendor), self.catalogue.prompts.clone());
        Ok(Arc::new(match vendor {
            Vendor::ElevenLabs => MusicVendor::AtOnce(Arc::new(elevenlabs::music::ElevenLabsMusic::new(api, model, prompts))),
            Vendor::Suno => MusicVendor::Job(Arc::new(suno::SunoMusic::new(api, &self.catalogue.settings, model, prompts))),
            Vendor::Gemini => MusicVendor::Job(Arc::new(gemini::music::GeminiMusic::new(api, model, prompts))),
            Vendor::Composer => MusicVendor::AtOnce(Arc::new(Composer)),
            other => return Err(unable(other, Ability::Music)),
        }))
    }
}

/// What is built in names its own way of working.
fn built_in_model(vendor: Vendor) -> String {
    match vendor {
        Vendor::Poster => PosterArtist.model().to_owned(),
        Vendor::Espeak => Espeak.model().to_owned(),
        Vendor::Aligner => Aligner.model().to_owned(),
        Vendor::Composer => crate::music::MusicProvider::model(&Composer).to_owned(),
        // One service with one way of speaking.
        other => format!("{}-1", other.name()),
    }
}

/// The tables of `vendor` and this file have come apart.
fn unable(vendor: Vendor, ability: Ability) -> ProviderError {
    ProviderError::Unavailable(format!("{vendor} can't be asked for this ({})", ability.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_at_characters_follows_from_wishes_and_keys() {
        let http = Http::new().expect("a client");
        let (settings, prompts) = (Settings::default(), Prompts::load(None).expect("those that are built in"));
        let now = || DateTime::UNIX_EPOCH;
        let catalogue = Catalogue { http, settings, keys: Keys::default(), choice: Choice::default(), prompts, now };
        let check = |set_up: &[Vendor], choice: Choice, expected: Option<(&[&str], &[&str])>| {
            let mut keys = Keys::default();
            for vendor in set_up {
                keys.put(*vendor, Key::own("a key"));
            }
            let abilities = catalogue.abilities(&Wish { keys, choice, ..Wish::default() });
            let names = |candidates: Candidates<dyn CharacterProvider>| {
                let candidates = candidates.ok()?;
                assert!(candidates.iter().all(|candidate| candidate.own_key && !candidate.local));
                Some(candidates.into_iter().map(|candidate| candidate.vendor).collect::<Vec<_>>())
            };
            let found = names(abilities.describers).zip(names(abilities.portraitists));
            let expected = expected.map(|(one, other)| {
                let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
                (owned(one), owned(other))
            });
            assert_eq!(found, expected, "{set_up:?}");
        };
        let auto = Choice::default;
        check(&[], auto(), None);
        check(&[Vendor::Pexels], auto(), None);
        check(&[Vendor::Gemini], auto(), Some((&["gemini"], &["gemini"])));
        check(&[Vendor::OpenAi, Vendor::Gemini], auto(), Some((&["gemini", "openai"], &["gemini", "openai"])));
        let painter = auto().with("image", "openai");
        check(&[Vendor::OpenAi, Vendor::Gemini], painter, Some((&["gemini", "openai"], &["openai"])));
        // Whoever has others draw can still have a face looked at.
        let stock = auto().with("image", "poster");
        check(&[Vendor::Gemini], stock, Some((&["gemini"], &["gemini"])));
    }
}
