//! How each vendor is used, as the configuration says: addresses, models, voices. Keys come separately, since they may be the
//! user's own.

use std::collections::BTreeMap;

use crate::models;
use crate::vendor::{Ability, Vendor};

/// One vendor's settings; what is not said has a default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VendorSettings {
    /// Where it is reached instead of its usual address; without a slash at the end.
    pub base_url: Option<String>,
    /// The model for each ability.
    pub models: BTreeMap<Ability, String>,
    /// The voice where nobody has chosen one.
    pub voice: Option<String>,
    /// The project in the vendor's own console (Vertex).
    pub project: Option<String>,
    /// Where the vendor's machines are (Vertex).
    pub location: Option<String>,
    /// An address that the vendor calls when a job is done (Suno); jobs are asked about all the same.
    pub callback_url: Option<String>,
}

/// All vendors' settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// By vendor.
    pub vendors: BTreeMap<Vendor, VendorSettings>,
    /// One address that stands in for all vendors, such as that of the simulator.
    pub stand_in: Option<String>,
    /// Old model names and those that do their work today, besides the usual ones.
    pub aliases: BTreeMap<String, String>,
}

impl Settings {
    /// That vendor's settings.
    pub fn of(&self, vendor: Vendor) -> VendorSettings {
        self.vendors.get(&vendor).cloned().unwrap_or_default()
    }

    /// Where the vendor is reached, without a slash at the end.
    pub fn base_url(&self, vendor: Vendor) -> String {
        if let Some(own) = self.vendors.get(&vendor).and_then(|settings| settings.base_url.as_deref()) {
            return own.trim_end_matches('/').to_owned();
        }
        let usual = vendor.base_url();
        let Some(stand_in) = &self.stand_in else { return usual.to_owned() };
        // The stand-in has a folder for each vendor, with the vendor's own paths in it.
        let path = usual.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
        let slash = if path.is_empty() { "" } else { "/" };
        format!("{}/{}{slash}{path}", stand_in.trim_end_matches('/'), vendor.name())
    }

    /// The model that is used: what the user asked for, else the configuration's, else the usual one; an old name becomes
    /// the one that does its work today.
    pub fn model(&self, vendor: Vendor, ability: Ability, wanted: Option<&str>) -> String {
        let wanted = wanted.map(str::trim).filter(|name| !name.is_empty());
        let set = self.vendors.get(&vendor).and_then(|settings| settings.models.get(&ability)).map(String::as_str);
        let usual = models::usual(vendor, ability).unwrap_or_default();
        let name = wanted.or(set).unwrap_or(usual);
        let living = self.aliases.get(name).map(String::as_str).or_else(|| models::living(vendor, name)).unwrap_or(name);
        living.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_keeps_the_vendors_paths() {
        let mut settings = Settings { stand_in: Some("http://127.0.0.1:9/".into()), ..Settings::default() };
        settings.vendors.insert(
            Vendor::OpenAi,
            VendorSettings { base_url: Some("http://localhost:8000/v1/".into()), ..VendorSettings::default() },
        );
        let check = |vendor, expected: &str| assert_eq!(settings.base_url(vendor), expected);
        check(Vendor::Gemini, "http://127.0.0.1:9/gemini/v1beta");
        check(Vendor::Ollama, "http://127.0.0.1:9/ollama");
        check(Vendor::Groq, "http://127.0.0.1:9/groq/openai/v1");
        check(Vendor::OpenAi, "http://localhost:8000/v1");
        assert_eq!(Settings::default().base_url(Vendor::Pexels), "https://api.pexels.com/v1");
    }

    #[test]
    fn old_models_are_replaced_and_wishes_come_first() {
        let mut settings = Settings::default();
        let gemini =
            VendorSettings { models: [(Ability::Script, "gemini-3.6-flash".to_owned())].into(), ..VendorSettings::default() };
        settings.vendors.insert(Vendor::Gemini, gemini);
        settings.aliases.insert("house-model".into(), "gemini-3.1-pro-preview".into());
        let check = |ability, wanted: Option<&str>, expected: &str| {
            assert_eq!(settings.model(Vendor::Gemini, ability, wanted), expected);
        };
        check(Ability::Script, None, "gemini-3.6-flash");
        check(Ability::Script, Some("house-model"), "gemini-3.1-pro-preview");
        check(Ability::Image, Some("gemini-2.5-flash-image"), "gemini-nano-banana-2.1");
        check(Ability::Image, Some("  "), "gemini-nano-banana-2.1");
        check(Ability::Clip, Some("veo"), "gemini-omni-1.1-flash");
        check(Ability::Clip, Some("a-model-of-tomorrow"), "a-model-of-tomorrow");
        assert_eq!(settings.model(Vendor::Vertex, Ability::Clip, Some("veo")), "veo-3.1-fast-generate-001");
    }
}
