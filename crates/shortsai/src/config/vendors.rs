//! What the configuration says about vendors: whom to ask, where, with which models, keys and limits. The environment
//! overrules the file where both say something.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use model::choice::Choice;
use providers::keys::{Key, Keys};
use providers::settings::{Settings, VendorSettings};
use providers::vendor::{Ability, Vendor};
use serde::Deserialize;
use store::{Limit, Limits};

use crate::environment::{OLLAMA_HOST, OPENAI_BASE_URL, SHORTSAI_VENDOR_BASE, Variable};

/// The table `choice`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChoiceConfig {
    script: Option<Vec<String>>,
    image: Option<Vec<String>>,
    speech: Option<Vec<String>>,
    align: Option<Vec<String>>,
    clip: Option<Vec<String>>,
    music: Option<Vec<String>>,
    fallback: Option<bool>,
    keyless: Option<bool>,
}

impl ChoiceConfig {
    /// The wishes of whoever runs this server.
    pub fn choice(&self) -> Choice {
        let Self { script, image, speech, align, clip, music, fallback, keyless } = self;
        let lists = [
            (Ability::Script, script),
            (Ability::Image, image),
            (Ability::Speech, speech),
            (Ability::Align, align),
            (Ability::Clip, clip),
            (Ability::Music, music),
        ];
        let vendors = lists.into_iter().filter_map(|(ability, list)| Some((ability.name().to_owned(), list.clone()?)));
        Choice { vendors: vendors.collect(), models: BTreeMap::new(), fallback: *fallback, keyless: *keyless }
    }

    /// Refuses names that nobody has.
    pub fn check(&self) -> anyhow::Result<()> {
        for ability in Ability::ALL {
            // Whether keys are there is asked when a vendor is needed: others may still bring theirs.
            providers::choice::order(ability, &self.choice(), |_| true).map_err(|error| anyhow::anyhow!("choice: {error}"))?;
        }
        Ok(())
    }
}

/// A table `vendor.NAME`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VendorConfig {
    base_url: Option<String>,
    key_file: Option<PathBuf>,
    script_model: Option<String>,
    image_model: Option<String>,
    speech_model: Option<String>,
    align_model: Option<String>,
    clip_model: Option<String>,
    music_model: Option<String>,
    voice: Option<String>,
    project: Option<String>,
    location: Option<String>,
    callback_url: Option<String>,
    at_once: Option<u32>,
    per_minute: Option<u32>,
    user_at_once: Option<u32>,
    user_per_minute: Option<u32>,
}

impl VendorConfig {
    fn settings(&self) -> VendorSettings {
        let models = [
            (Ability::Script, &self.script_model),
            (Ability::Image, &self.image_model),
            (Ability::Speech, &self.speech_model),
            (Ability::Align, &self.align_model),
            (Ability::Clip, &self.clip_model),
            (Ability::Music, &self.music_model),
        ];
        VendorSettings {
            base_url: self.base_url.clone(),
            models: models.into_iter().filter_map(|(ability, model)| Some((ability, model.clone()?))).collect(),
            voice: self.voice.clone(),
            project: self.project.clone(),
            location: self.location.clone(),
            callback_url: self.callback_url.clone(),
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            vendor: Limit { at_once: self.at_once, per_minute: self.per_minute },
            user: Limit { at_once: self.user_at_once, per_minute: self.user_per_minute },
        }
    }
}

/// The tables `vendor.NAME`, by their names.
pub type VendorTables = BTreeMap<String, VendorConfig>;

/// Refuses tables of vendors that are not known, and numbers that stop everything for ever.
pub fn check(tables: &VendorTables) -> anyhow::Result<()> {
    for (name, table) in tables {
        if Vendor::from_name(name).is_none() {
            let names: Vec<&str> = Vendor::ALL.iter().map(|vendor| vendor.name()).collect();
            bail!("vendor.{name}: there is no such vendor; choose one of {}", names.join(", "));
        }
        let numbers = [
            ("at_once", table.at_once),
            ("per_minute", table.per_minute),
            ("user_at_once", table.user_at_once),
            ("user_per_minute", table.user_per_minute),
        ];
        if let Some((field, _)) = numbers.into_iter().find(|(_, number)| *number == Some(0)) {
            bail!("vendor.{name}.{field} is 0, which would let everything wait for ever; give 1 or more, or leave it out");
        }
    }
    Ok(())
}

/// Addresses, models and voices. `variable` reads the environment.
pub fn settings(
    tables: &VendorTables,
    aliases: &BTreeMap<String, String>,
    variable: impl Fn(Variable) -> Option<String>,
) -> Settings {
    let of = |(name, table): (&String, &VendorConfig)| Some((Vendor::from_name(name)?, table.settings()));
    let mut vendors: BTreeMap<Vendor, VendorSettings> = tables.iter().filter_map(of).collect();
    for (vendor, named) in [(Vendor::OpenAi, OPENAI_BASE_URL), (Vendor::Ollama, OLLAMA_HOST)] {
        if let Some(address) = variable(named) {
            // Ollama's own variable may leave the scheme out.
            let address = if address.contains("://") { address } else { format!("http://{address}") };
            vendors.entry(vendor).or_default().base_url = Some(address);
        }
    }
    Settings { vendors, stand_in: variable(SHORTSAI_VENDOR_BASE), aliases: aliases.clone() }
}

/// What vendors take from this server.
pub fn limits(tables: &VendorTables) -> HashMap<String, Limits> {
    let of = |(name, table): (&String, &VendorConfig)| Some((Vendor::from_name(name)?.name().to_owned(), table.limits()));
    tables.iter().filter_map(of).filter(|(_, limits)| !limits.are_none()).collect()
}

/// The server's own keys: out of the environment, else out of the files that the tables name (relative to `folder`).
pub fn keys(tables: &VendorTables, folder: &Path, variable: impl Fn(Variable) -> Option<String>) -> anyhow::Result<Keys> {
    let mut keys = Keys::default();
    for vendor in Vendor::ALL {
        let table = tables.iter().find(|(name, _)| Vendor::from_name(name) == Some(vendor)).map(|(_, table)| table);
        if let Some(file) = table.and_then(|table| table.key_file.as_ref()) {
            let file = folder.join(file);
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("vendor.{}.key_file {} can't be read", vendor.name(), file.display()))?;
            keys.put(vendor, Key::system(text.trim()));
        }
        if let Some(key) = vendor.key_variable().and_then(Variable::named).and_then(&variable) {
            keys.put(vendor, Key::system(key.trim()));
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::GROQ_API_KEY;

    #[test]
    fn the_environment_comes_first() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("groq.key"), "planted-file\n").expect("written");
        let table = VendorConfig { key_file: Some("groq.key".into()), voice: Some("hannah".into()), ..VendorConfig::default() };
        let tables: VendorTables = [("groq".to_owned(), table)].into();
        let got = |variable: fn(Variable) -> Option<String>| {
            let keys = keys(&tables, folder.path(), variable).expect("readable");
            keys.get(Vendor::Groq).map(|key| key.expose().to_owned())
        };
        assert_eq!(got(|_| None).as_deref(), Some("planted-file"));
        assert_eq!(got(|variable| (variable == GROQ_API_KEY).then(|| "planted-env".to_owned())).as_deref(), Some("planted-env"));
        let settings =
            settings(&tables, &BTreeMap::new(), |variable| (variable == OLLAMA_HOST).then(|| "10.0.0.5:11434".to_owned()));
        assert_eq!(settings.base_url(Vendor::Ollama), "http://10.0.0.5:11434");
        assert_eq!(settings.of(Vendor::Groq).voice.as_deref(), Some("hannah"));
    }
}
