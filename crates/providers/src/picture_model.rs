//! What all models that draw have in common: the prompt, the second and milder one after a refusal, and the look at what has
//! come. How a vendor is asked is in its own folder.

use async_trait::async_trait;
use bytes::Bytes;
use minijinja::context;
use model::storyboard::Size;

use crate::api::Api;
use crate::error::ProviderError;
use crate::image::{Image, ImageRequest, Reference};
use crate::media;
use crate::prompts::Prompts;
use crate::vendor::Vendor;

/// The template of the prompt.
pub const PROMPT: &str = "image.jinja";

/// A model that draws what a prompt says.
#[async_trait]
pub trait PictureModel: Send + Sync {
    /// Whose it is.
    fn maker(&self) -> Vendor;
    /// Whether it looks at pictures that come along.
    fn sees(&self) -> bool;
    /// Asks once. A prompt that is declined is [`ProviderError::Refused`], whatever shape the vendor gives its refusal.
    async fn ask(&self, asked: &Asked<'_>) -> Result<Bytes, ProviderError>;
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What it is told.
    pub prompt: &'a str,
    /// The pictures that come along; none for a model that does not see.
    pub references: &'a [Reference],
    /// The size of the video.
    pub size: Size,
    /// The call's idempotency key.
    pub key: &'a str,
}

/// Draws, and asks once more in milder words if the model declines.
///
/// # Errors
/// [`ProviderError::Refused`] if it declines those too; otherwise as the call, or what has come is no usable picture.
pub async fn draw(
    model: &dyn PictureModel,
    prompts: &Prompts,
    request: &ImageRequest,
    key: &str,
) -> Result<Image, ProviderError> {
    let references: &[Reference] = if model.sees() { &request.references } else { &[] };
    let prompt = prompt(prompts, request, references, false)?;
    let asked = Asked { prompt: &prompt, references, size: request.size, key };
    let bytes = match model.ask(&asked).await {
        // Another prompt is another order, so it has a key of its own.
        Err(ProviderError::Refused(_)) => {
            let prompt = self::prompt(prompts, request, references, true)?;
            let key = if key.is_empty() { String::new() } else { format!("{key}-simpler") };
            model.ask(&Asked { prompt: &prompt, key: &key, ..asked }).await?
        }
        answered => answered?,
    };
    let vendor = model.maker();
    let picture = media::look(vendor, bytes.clone()).await?;
    if !media::is_large_enough((picture.width, picture.height), request.size) {
        let (width, height, size) = (picture.width, picture.height, request.size);
        return Err(ProviderError::Fatal(format!(
            "{vendor} made a picture of {width}×{height} pixels, too small for a video of {size}; choose another model or a smaller video"
        )));
    }
    Ok(Image { bytes, media_type: picture.media_type, credit: None })
}

/// What the model is told.
fn prompt(prompts: &Prompts, request: &ImageRequest, seen: &[Reference], simpler: bool) -> Result<String, ProviderError> {
    let texts = [&request.description, &request.narration, &request.title];
    let scene = texts.into_iter().map(|text| text.trim()).find(|text| !text.is_empty()).unwrap_or_default();
    // Whoever does not see them reads at least what they look like.
    let described = request.references.iter().filter(|reference| !reference.description.trim().is_empty());
    let described = described.filter_map(|reference| Some((reference.character.as_ref()?, reference.description.trim())));
    let described: String = described.map(|(name, description)| format!("\n{name}: {description}")).collect();
    let scene = format!("{scene}{described}");
    let characters: Vec<String> = seen.iter().filter_map(|reference| reference.character.clone()).collect();
    let has_style = seen.iter().any(|reference| reference.character.is_none());
    let values = context! {
        scene, simpler, characters, has_style, style => request.style.trim(), orientation => orientation(request.size),
    };
    prompts.fill(PROMPT, values)
}

fn orientation(size: Size) -> &'static str {
    match size.width.cmp(&size.height) {
        std::cmp::Ordering::Less => "Vertical",
        std::cmp::Ordering::Equal => "Square",
        std::cmp::Ordering::Greater => "Horizontal",
    }
}

/// What a picture that comes along shows, as the model is told.
pub fn shows(reference: &Reference) -> String {
    match &reference.character {
        Some(name) => format!("Picture of {name}:"),
        None => "Picture of the wanted style:".to_owned(),
    }
}

/// A refusal in a model's own words.
pub fn refused(api: &Api, words: &str) -> ProviderError {
    ProviderError::Refused(format!("{} declines to draw this; describe the scene differently: {}", api.vendor, api.quoted(words)))
}

/// The entry of a table whose proportions are nearest to those of the video. Tables are not empty.
pub fn nearest<T: Copy>(table: &[(T, (u32, u32))], size: Size) -> T {
    let wanted = ratio((size.width, size.height));
    let off = |entry: &&(T, (u32, u32))| (ratio(entry.1) / wanted).ln().abs();
    table.iter().min_by(|a, b| off(a).total_cmp(&off(b))).map(|entry| entry.0).expect("a table of sizes has entries")
}

fn ratio((width, height): (u32, u32)) -> f64 {
    f64::from(width.max(1)) / f64::from(height.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(character: Option<&str>) -> Reference {
        let description = if character.is_some() { "red hair".to_owned() } else { String::new() };
        let character = character.map(str::to_owned);
        Reference { bytes: Bytes::new(), media_type: "image/png".into(), character, description }
    }

    #[test]
    fn the_prompt_says_what_is_known() {
        let prompts = Prompts::load(None).expect("good templates");
        let check = |request: &ImageRequest, simpler, has: &[&str], lacks: &[&str]| {
            let prompt = prompt(&prompts, request, &request.references, simpler).expect("filled in");
            assert!(has.iter().all(|words| prompt.contains(words)), "{prompt}");
            assert!(!lacks.iter().any(|words| prompt.contains(words)), "{prompt}");
        };
        let bare = ImageRequest { narration: "The Moon is far.".into(), title: "Moon".into(), ..ImageRequest::default() };
        let nothing_else = ["Style:", "looks as", "style picture", "harmless"];
        check(&bare, false, &["Vertical picture", "Scene: The Moon is far.", "no text"], &nothing_else);
        let full = ImageRequest {
            description: "Ana in a rocket".into(),
            style: "watercolour".into(),
            size: Size { width: 1920, height: 1080 },
            references: vec![reference(Some("Ana")), reference(None)],
            ..bare
        };
        let all = [
            "Horizontal",
            "Scene: Ana in a rocket\nAna: red hair\n",
            "Style: watercolour",
            "Ana looks as",
            "style picture",
            "harmless",
        ];
        check(&full, true, &all, &["The Moon"]);
    }

    #[test]
    fn proportions_find_the_nearest() {
        let table = [("tall", (9, 16)), ("post", (4, 5)), ("square", (1, 1)), ("wide", (16, 9))];
        let check = |width, height, expected| assert_eq!(nearest(&table, Size { width, height }), expected);
        check(1080, 1920, "tall");
        check(1080, 1350, "post");
        check(1000, 1010, "square");
        check(1920, 1080, "wide");
        check(64, 3840, "tall");
    }
}
