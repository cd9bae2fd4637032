//! Draws twelve scenes in different styles and puts them on one contact sheet: `poster_sheet [OUTPUT.png]`.

use std::error::Error;
use std::path::{Path, PathBuf};

use image::imageops::{FilterType, overlay, resize};
use image::{Rgb, RgbImage};
use model::storyboard::Size;
use providers::image::ImageRequest;
use providers::poster::poster;

/// Style, title, what the picture shows, language.
const SCENES: [(&str, &str, &str, &str); 12] = [
    ("cinematic", "How rockets work", "A rocket leaves the Earth for Mars", "en"),
    ("playful", "Animais incríveis", "O leão é o rei da savana", "pt-BR"),
    ("documentary", "The fall of Rome", "Roman temples and the legions at war", "en"),
    ("dark", "Mystery of the deep", "A giant octopus in the deep ocean", "en"),
    ("pastel", "Dormir bem", "O cérebro descansa durante o sono", "pt-BR"),
    ("corporate", "Your first savings", "Money grows when you invest in the market", "en"),
    ("neon", "La inteligencia artificial", "Un robot aprende a programar en la computadora", "es"),
    ("retro", "The history of rock", "An electric guitar and a microphone on stage", "en"),
    ("minimal", "Coffee facts", "A cup of coffee in the morning", "en"),
    ("cinematic", "Vulcões", "O vulcão entra em erupção com lava", "pt-BR"),
    ("nature", "Save the bees", "A honeybee visits a sunflower", "en"),
    ("cinematic", "Poem", "Hmm", "en"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let output = std::env::args().nth(1).map_or_else(|| PathBuf::from("posters.png"), PathBuf::from);
    let (width, height, gap) = (360, 640, 16);
    let mut sheet = RgbImage::from_pixel(6 * (width + gap) + gap, 2 * (height + gap) + gap, Rgb([244, 243, 240]));
    for (i, (style, title, description, language)) in SCENES.into_iter().enumerate() {
        let picture = draw(i as u32 + 1, style, title, description, language)?;
        let small = resize(&picture, width, height, FilterType::Lanczos3);
        let (column, row) = (i as u32 % 6, i as u32 / 6);
        overlay(&mut sheet, &small, i64::from(gap + column * (width + gap)), i64::from(gap + row * (height + gap)));
    }
    save(&sheet, &output)
}

fn draw(scene_number: u32, style: &str, title: &str, description: &str, language: &str) -> Result<RgbImage, Box<dyn Error>> {
    let request = ImageRequest {
        description: description.into(),
        title: title.into(),
        style: style.into(),
        language: language.into(),
        size: Size { width: 1080, height: 1920 },
        scene_number,
        scene_count: SCENES.len() as u32,
        ..ImageRequest::default()
    };
    Ok(image::load_from_memory(&poster(&request)?.bytes)?.into_rgb8())
}

fn save(sheet: &RgbImage, output: &Path) -> Result<(), Box<dyn Error>> {
    Ok(sheet.save(output)?)
}
