//! Music by Gemini's Lyria models: ordered through the Interactions API, or made while the caller waits.
//!
//! Ordering is the usual way, since a lost answer can then be asked for again. Models that can't be ordered, such as previews,
//! are used at once.

use async_trait::async_trait;
use minijinja::context;
use serde_json::{Value, json};

use super::interactions::{self, Output};
use crate::api::Api;
use crate::error::ProviderError;
use crate::job::{JobProvider, Polled};
use crate::music::{Music, MusicProvider, MusicRequest};
use crate::prompts::Prompts;
use crate::vendor::Vendor;

/// The largest song that is taken, in bytes.
pub const MOST: usize = 64 << 20;

/// Music by Gemini.
#[derive(Debug, Clone)]
pub struct GeminiMusic {
    api: Api,
    model: String,
    prompts: Prompts,
    most: usize,
}

impl GeminiMusic {
    /// Music by a model such as `lyria-3.5` (songs) or `lyria-3-clip-preview` (half a minute).
    pub fn new(api: Api, model: String, prompts: Prompts) -> Self {
        Self { api, model, prompts, most: MOST }
    }

    /// Takes only songs of so many bytes.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    fn body(&self, request: &MusicRequest) -> Result<Value, ProviderError> {
        let MusicRequest { prompt, style, title, take: _ } = request;
        let prompt = self.prompts.fill("song.jinja", context! { prompt, style, title })?;
        Ok(json!({ "model": self.model, "input": [interactions::text_input(&prompt)] }))
    }

    async fn fetch(&self, output: Output) -> Result<Music, ProviderError> {
        let Some(bytes) = output.file(&self.api, "audio", self.most).await? else { return Err(output.refusal(&self.api)) };
        Music::of(Vendor::Gemini, bytes).await
    }
}

#[async_trait]
impl JobProvider<MusicRequest, Music> for GeminiMusic {
    fn vendor(&self) -> &'static str {
        Vendor::Gemini.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn submit(&self, request: &MusicRequest, key: &str) -> Result<String, ProviderError> {
        let mut body = self.body(request)?;
        body["background"] = json!(true);
        interactions::order(&self.api, &body, key).await
    }

    async fn poll(&self, job: &str) -> Result<Polled<Music>, ProviderError> {
        interactions::ask(&self.api, job).await?.fetch(|output| self.fetch(output)).await
    }
}

#[async_trait]
impl MusicProvider for GeminiMusic {
    fn vendor(&self) -> &'static str {
        Vendor::Gemini.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn compose(&self, request: &MusicRequest, key: &str) -> Result<Music, ProviderError> {
        let output = interactions::make(&self.api, &self.body(request)?, key).await?;
        self.fetch(output).await
    }
}
