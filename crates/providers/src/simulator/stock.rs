//! What the stock archives have in common: pictures and clips that are found by words, with who made them.
//!
//! Each archive's own shape is in a file beside this one.

use super::call::seed;
use super::file::{Recipe, public_link};
use super::media::{ClipOrder, PictureFormat, PictureOrder};
use super::world::World;

mod openverse;
mod pexels;
mod pixabay;

pub(super) use openverse::Openverse;
pub(super) use pexels::Pexels;
pub(super) use pixabay::Pixabay;

/// How many things an archive has for every search.
const STOCK: u32 = 60;
const AUTHORS: [&str; 8] =
    ["Ana Ribeiro", "Jonas Weber", "Mei Tanaka", "Carlos Mendes", "Priya Nair", "Eva Lindqvist", "Sam Okafor", "Lucía Torres"];

/// How a picture is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Tall,
    Wide,
    Square,
}

/// One thing of an archive.
#[derive(Debug, Clone)]
struct Item {
    archive: &'static str,
    query: String,
    /// Such as `The moon 3`.
    title: String,
    author: &'static str,
    /// Of the thing, and of its author.
    id: u64,
    author_id: u64,
    width: u32,
    height: u32,
    /// Of a clip.
    seconds: u32,
}

/// The things of one page, from 1, with `per_page` on each. Without a shape, they have any.
fn search(archive: &'static str, query: &str, shape: Option<Shape>, page: u32, per_page: u32) -> Vec<Item> {
    let first = page.saturating_sub(1).saturating_mul(per_page);
    (first..first.saturating_add(per_page).min(STOCK)).map(|index| item(archive, query, shape, index)).collect()
}

fn item(archive: &'static str, query: &str, shape: Option<Shape>, index: u32) -> Item {
    let seed = seed(&format!("{archive} {query} {index}"));
    let shape = shape.unwrap_or([Shape::Wide, Shape::Tall, Shape::Square][(seed % 3) as usize]);
    let (width, height) = match shape {
        Shape::Tall => (1_440, 2_560),
        Shape::Wide => (2_560, 1_440),
        Shape::Square => (1_800, 1_800),
    };
    let author = (seed >> 8) % AUTHORS.len() as u64;
    Item {
        archive,
        query: query.to_owned(),
        title: format!("{query} {}", index + 1),
        author: AUTHORS[author as usize],
        id: 1_000_000 + seed % 9_000_000,
        author_id: 4_000 + author,
        width,
        height,
        seconds: 5 + (seed >> 16) as u32 % 6,
    }
}

impl Item {
    /// A link to the picture (or to a clip's still) in JPEG, at most `side` pixels long on its longer side.
    fn picture(&self, world: &World, side: u32) -> (String, u32, u32) {
        let (width, height) = self.within(side);
        let order = PictureOrder {
            prompt: self.title.clone(),
            label: format!("{} on {}", self.author, self.archive),
            width,
            height,
            format: PictureFormat::Jpeg,
            references: Vec::new(),
        };
        let name = format!("{} {} {} {width}x{height}", self.archive, self.query, self.id);
        (public_link(world, &name, Recipe::Picture(order), "jpg"), width, height)
    }

    /// A link to the clip.
    fn clip(&self, world: &World, side: u32) -> (String, u32, u32) {
        let (width, height) = self.within(side);
        let order = ClipOrder {
            prompt: self.title.clone(),
            label: format!("{} on {}", self.author, self.archive),
            width,
            height,
            seconds: f64::from(self.seconds),
            sound: false,
            first_frame: None,
        };
        let name = format!("{} clip {} {} {width}x{height}", self.archive, self.query, self.id);
        (public_link(world, &name, Recipe::Clip(order), "mp4"), width, height)
    }

    fn within(&self, side: u32) -> (u32, u32) {
        let longer = self.width.max(self.height);
        if longer <= side {
            (self.width, self.height)
        } else {
            ((self.width * side / longer) & !1, (self.height * side / longer) & !1)
        }
    }

    /// The query in the form of addresses: `the-moon`.
    fn slug(&self) -> String {
        self.query
            .to_lowercase()
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-")
    }
}
