//! What all vendors have in common: a key, errors in a shape of their own, and answers. The list of vendors is here too.

use super::call::{Asked, Call, Key};
use super::fault::FaultKind;
use super::reply::Reply;
use super::world::World;

/// How one vendor speaks. Everything runs on a thread where it may take its time.
pub(super) trait Vendor: Sync {
    /// The first segment of its addresses.
    fn name(&self) -> &'static str;
    /// The key that came with a call.
    fn key(&self, call: &Call) -> Key;
    /// What a call asks for.
    fn read(&self, call: &Call) -> Asked;
    /// The vendor's own way to say no.
    fn trouble(&self, trouble: &Trouble, call: &Call, asked: &Asked) -> Reply;
    /// The answer to a call whose key is good, bent by a fault if one is ordered.
    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply;
}

/// Why a vendor gives nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Trouble {
    /// No key came, but one is needed.
    NoKey,
    /// A key that does not count.
    BadKey,
    /// The account has no money or allowance left.
    NoMoney,
    /// There is no such model (any more).
    NoModel,
    /// Too many calls; seconds until the next one, if the vendor says so.
    TooMany(Option<u64>),
    /// A bug over there.
    Broken,
    /// Overloaded; seconds until the next try, if the vendor says so.
    Overloaded(Option<u64>),
    /// No such address.
    NoRoute,
}

/// All vendors.
pub(super) const VENDORS: [&dyn Vendor; 12] = [
    &super::gemini::Gemini,
    &super::vertex::Vertex,
    &super::openai::OpenAi,
    &super::ollama::Ollama,
    &super::elevenlabs::ElevenLabs,
    &super::groq::Groq,
    &super::edge::Edge,
    &super::suno::Suno,
    &super::stock::Openverse,
    &super::stock::Pexels,
    &super::stock::Pixabay,
    &super::file::FileServer,
];

/// The vendor with this name.
pub(super) fn named(name: &str) -> Option<&'static dyn Vendor> {
    VENDORS.into_iter().find(|vendor| vendor.name() == name)
}
