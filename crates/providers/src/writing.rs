//! Scripts and other texts by any language model: the prompt, the form of the answer, reading and checking it, and the question
//! that has it mended.
//!
//! How a vendor's model is asked is in the vendor's own files, behind [`Chat`]. Nothing is sent twice: mending is another
//! question, which the caller asks, with a key of its own.

mod check;
mod draft;
mod finish;
mod plain;
mod schema;
mod wish;

use async_trait::async_trait;
use minijinja::context;
use serde_json::Value;

use crate::error::ProviderError;
use crate::prompts::Prompts;
use crate::script::{self, ScriptProvider, ScriptRequest, Written};
use crate::vendor::Vendor;
use check::Problem;
use draft::Draft;
use wish::Wish;

pub(crate) use plain::{declines, one_paragraph};

/// The longest music prompt, in words.
const MUSIC_WORDS: usize = 25;
/// Problems that a message to the user names.
const NAMED: usize = 3;

/// A language model that can be asked; whoever is one writes scripts.
#[async_trait]
pub(crate) trait Chat: Send + Sync {
    /// Whose it is.
    fn vendor(&self) -> Vendor;
    /// Its name.
    fn model(&self) -> &str;
    /// The prompts that it is given.
    fn prompts(&self) -> &Prompts;
    /// What the model says next. `key` is the call's idempotency key.
    async fn answer(&self, conversation: &Conversation, key: &str) -> Result<String, ProviderError>;
}

#[async_trait]
impl<C: Chat> ScriptProvider for C {
    fn vendor(&self) -> &'static str {
        Chat::vendor(self).name()
    }

    fn model(&self) -> &str {
        Chat::model(self)
    }

    fn version(&self) -> String {
        version(self.prompts())
    }

    async fn write(&self, request: &ScriptRequest, key: &str) -> Result<Written, ProviderError> {
        script(self, request, key).await
    }

    async fn mend(&self, request: &ScriptRequest, draft: &script::Draft, key: &str) -> Result<Written, ProviderError> {
        mended(self, request, &draft.said, key).await
    }

    async fn music_prompt(&self, topic: &str, style: &str, key: &str) -> Result<String, ProviderError> {
        music_prompt(self, self.prompts(), (topic, style), key).await
    }
}

/// What has been said so far.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conversation {
    /// First ours, then in turn; never empty.
    pub turns: Vec<Turn>,
    /// The form of the answer; `None` for plain text.
    pub schema: Option<Value>,
}

/// Something said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Turn {
    /// Whether the model said it.
    pub by_model: bool,
    /// The words.
    pub text: String,
}

impl Conversation {
    /// One question.
    pub(crate) fn begin(text: String, schema: Option<Value>) -> Self {
        Self { turns: vec![Turn { by_model: false, text }], schema }
    }

    fn go_on(&mut self, by_model: bool, text: String) {
        self.turns.push(Turn { by_model, text });
    }
}

/// Writes a script.
///
/// # Errors
/// [`ProviderError::Refused`] for a declined topic, [`ProviderError::Retry`] for silence, and whatever asking brings.
async fn script(chat: &dyn Chat, request: &ScriptRequest, key: &str) -> Result<Written, ProviderError> {
    let wish = Wish::of(request);
    let answer = chat.answer(&question(chat, request, &wish)?, key).await?;
    let judged = Judged::of(chat.vendor(), answer, &wish)?;
    Ok(judged.written(chat.vendor(), request, &wish, |judged| judged.problems.is_empty()))
}

/// Has a draft mended: what can be mended here need not be asked for a third time.
///
/// # Errors
/// As [`script`].
async fn mended(chat: &dyn Chat, request: &ScriptRequest, draft: &str, key: &str) -> Result<Written, ProviderError> {
    let wish = Wish::of(request);
    let mut conversation = question(chat, request, &wish)?;
    let first = Judged::of(chat.vendor(), draft.to_owned(), &wish)?;
    let problems: Vec<String> = first.problems.iter().map(|problem| problem.sentence.clone()).collect();
    let repair = chat.prompts().fill("repair.jinja", context! { problems, broken => first.draft.is_none() })?;
    conversation.go_on(true, first.text);
    conversation.go_on(false, repair);
    let second = Judged::of(chat.vendor(), chat.answer(&conversation, key).await?, &wish)?;
    Ok(second.written(chat.vendor(), request, &wish, Judged::is_usable))
}

fn question(chat: &dyn Chat, request: &ScriptRequest, wish: &Wish) -> Result<Conversation, ProviderError> {
    let prompt = chat.prompts().fill("script.jinja", wish.values(request))?;
    Ok(Conversation::begin(prompt, Some(schema::script(wish))))
}

/// What of the prompts shapes a script.
fn version(prompts: &Prompts) -> String {
    format!("{}{}", prompts.version("script.jinja"), prompts.version("repair.jinja"))
}

/// A wish for background music, at most 25 words.
///
/// # Errors
/// As [`script`].
async fn music_prompt(
    chat: &dyn Chat,
    prompts: &Prompts,
    (topic, style): (&str, &str),
    key: &str,
) -> Result<String, ProviderError> {
    let prompt = prompts.fill("music.jinja", context! { topic, style })?;
    let answer = chat.answer(&Conversation::begin(prompt, None), key).await?;
    let vendor = chat.vendor();
    if declines(&answer) {
        return Err(refused(vendor));
    }
    let line = one_paragraph(&answer);
    if !line.chars().any(char::is_alphanumeric) {
        return Err(empty(vendor));
    }
    let instrumental = line.to_lowercase().contains("instrumental");
    let words = std::iter::once("Instrumental,").filter(|_| !instrumental).chain(line.split(' '));
    let short: Vec<&str> = words.take(MUSIC_WORDS).collect();
    Ok(short.join(" ").trim_end_matches([',', ';', ':', '-', ' ']).to_owned())
}

/// An answer and what is wrong with it.
struct Judged {
    text: String,
    /// `None` when the answer is no JSON.
    draft: Option<Draft>,
    problems: Vec<Problem>,
}

impl Judged {
    fn of(vendor: Vendor, text: String, wish: &Wish) -> Result<Self, ProviderError> {
        if text.trim().is_empty() {
            return Err(empty(vendor));
        }
        match draft::read(&text) {
            Ok(draft) => Ok(Self { problems: check::problems(&draft, wish), draft: Some(draft), text }),
            Err(_) if declines(&text) => Err(refused(vendor)),
            Err(sentence) => Ok(Self { problems: vec![Problem { sentence, mendable: false }], draft: None, text }),
        }
    }

    /// Whether all that is wrong can be mended without making anything up.
    fn is_usable(&self) -> bool {
        self.draft.is_some() && self.problems.iter().all(|problem| problem.mendable)
    }

    /// A script if it is good enough, else a draft.
    fn written(self, vendor: Vendor, request: &ScriptRequest, wish: &Wish, good: fn(&Self) -> bool) -> Written {
        let good = good(&self);
        let complaint = self.complaint(vendor);
        let usable = if self.is_usable() { self.draft.map(|draft| finish::script(draft, request, wish)) } else { None };
        match usable {
            Some(script) if good => Written::Script(script),
            usable => Written::Draft(script::Draft { said: self.text, complaint, usable }),
        }
    }

    fn complaint(&self, vendor: Vendor) -> String {
        let bad = self.problems.iter().filter(|problem| !problem.mendable);
        let named: Vec<&str> = bad.take(NAMED).map(|problem| problem.sentence.trim_end_matches('.')).collect();
        format!(
            "{vendor} wrote a script that can't be used, and did not mend it when told: {}; try again, or choose another model",
            named.join("; ")
        )
    }
}

fn refused(vendor: Vendor) -> ProviderError {
    ProviderError::Refused(format!("{vendor} declines to write about this; word the topic differently"))
}

fn empty(vendor: Vendor) -> ProviderError {
    ProviderError::retry(format!("{vendor} gave an empty answer; try again"))
}

#[cfg(test)]
mod tests;
