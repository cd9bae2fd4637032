//! Who may be asked for a project: the owner's keys and wishes, the project's, and this server's, put together.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Vendors;
use model::choice::Choice;
use model::task::{Failure, FailureClass};
use providers::abilities::Abilities;
use providers::catalogue::{Catalogue, Wish};
use providers::keys::{Key, Keys};
use providers::vendor::{Ability, Vendor};
use store::{ProjectRecord, Store, StoreError, Vault};
use uuid::Uuid;

use crate::wiring::now;

/// The video model that older clients set on every project. It says nothing.
const ANY_CLIP_MODEL: &str = "veo";

/// Knows keys and wishes.
#[derive(Clone)]
pub struct Office {
    pub store: Store,
    pub catalogue: Arc<Catalogue>,
    pub vault: Vault,
}

impl Office {
    /// What a user, and one of their projects if it is about one, ask for.
    pub async fn wish(&self, owner: Uuid, project: Option<&ProjectRecord>) -> Result<Wish, StoreError> {
        let keys = self.keys(owner, project.map(|record| record.project.id)).await?;
        let own = self.store.user_choice(owner).await?;
        let Some(record) = project else { return Ok(Wish { keys, choice: own, ..Wish::default() }) };
        let speech_speed = record.project.settings.speech_speed.unwrap_or(1.0);
        Ok(Wish { keys, choice: choice_of(record).or(&own), speech_speed })
    }

    async fn keys(&self, owner: Uuid, project: Option<Uuid>) -> Result<Keys, StoreError> {
        let mut keys = Keys::default();
        // Those of the run come last here, so that they take the others' places.
        for key in self.store.vendor_keys(owner, project, &self.vault, now()).await?.into_iter().rev() {
            match (Vendor::from_name(&key.vendor), key.secret) {
                (Some(vendor), Some(secret)) => keys.put(vendor, Key::own(secret)),
                _ => tracing::warn!(vendor = key.vendor, %owner, "a stored key can't be opened; it has to be entered again"),
            }
        }
        Ok(keys)
    }
}

#[async_trait]
impl Vendors for Office {
    async fn of(&self, record: &ProjectRecord) -> Result<Abilities, Failure> {
        let wish = self
            .wish(record.project.owner, Some(record))
            .await
            .map_err(|error| Failure { class: FailureClass::Retry { after: None }, message: error.to_string() })?;
        Ok(self.catalogue.abilities(&wish))
    }
}

/// The project's wishes, with those that older clients state in fields of their own.
fn choice_of(record: &ProjectRecord) -> Choice {
    let (settings, details) = (&record.project.settings, &record.details);
    let mut choice = settings.choice.clone();
    let speech = Ability::Speech.name().to_owned();
    if providers::elevenlabs::speech::is_elevenlabs_voice(&settings.voice) {
        choice.vendors.entry(speech).or_insert_with(|| vec![Vendor::ElevenLabs.name().to_owned()]);
    } else if !settings.speech_vendor.is_empty() {
        choice.vendors.entry(speech).or_insert_with(|| vec![settings.speech_vendor.clone()]);
    }
    let models = [(Ability::Clip, Some(&details.video_model)), (Ability::Speech, details.audio_model.as_ref())];
    for (ability, model) in models {
        if let Some(model) = model.filter(|model| !model.trim().is_empty() && *model != ANY_CLIP_MODEL) {
            choice.models.entry(ability.name().to_owned()).or_insert_with(|| model.clone());
        }
    }
    choice
}
