//! A simulator to speak to, faults on order, and errors by class.

use std::net::SocketAddr;

use bytes::Bytes;
use providers::error::ProviderError;
use providers::http::Http;
use providers::keys::Key;
use providers::settings::Settings;
use providers::simulator::{Entry, Fault, FaultKind, FaultOrder, Options, Simulator};
use providers::vendor::Vendor;

/// The key that all adapters show. It must be in no message.
pub const KEY: &str = "planted-key-0123456789";
/// What the simulator tells to wait where it tells it, in seconds.
const WAIT: u64 = 7;

/// A simulator, and what reaches it.
pub struct World {
    pub simulator: Simulator,
    pub http: Http,
    settings: Settings,
}

/// A simulator of its own.
pub fn start() -> World {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let simulator = Simulator::start(any, Options::default()).expect("a free port can be listened on");
    let settings = Settings { stand_in: Some(simulator.base()), ..Settings::default() };
    World { simulator, http: Http::new().expect("a client"), settings }
}

impl World {
    pub fn base(&self, vendor: Vendor) -> String {
        self.settings.base_url(vendor)
    }

    /// Orders a fault for so many calls; for all if `times` is `None`.
    pub fn misbehave(&self, vendor: &str, ability: &str, fault: impl Into<Fault>, times: Option<u32>) {
        let fault = Fault { ms: Some(1), ..fault.into() };
        self.simulator.misbehave(FaultOrder { vendor: vendor.into(), ability: Some(ability.into()), fault, times, after: None });
    }

    /// The calls for an ability, in order.
    pub fn calls(&self, ability: &str) -> Vec<Entry> {
        self.simulator.calls().into_iter().filter(|call| call.ability == ability).collect()
    }
}

/// A fault that tells how long to wait.
pub fn waiting(kind: FaultKind) -> Fault {
    Fault { retry_after: Some(WAIT), ..Fault::from(kind) }
}

pub fn key() -> Option<Key> {
    Some(Key::system(KEY))
}

/// What came of a call: `ok`, or the class of its error, with the wait if there is one.
pub fn outcome<T>(result: &Result<T, ProviderError>) -> String {
    let Err(error) = result else { return "ok".into() };
    let said = error.to_string();
    assert!(!said.contains("planted") && !said.contains("127.0.0.1"), "{said}");
    match error {
        ProviderError::Retry { after: Some(after), .. } => format!("retry in {} s", after.as_secs()),
        ProviderError::Retry { after: None, .. } => "retry".into(),
        ProviderError::Fatal(_) => "fatal".into(),
        ProviderError::Unavailable(_) => "unavailable".into(),
        ProviderError::Refused(_) => "refused".into(),
        ProviderError::Quota(_) => "quota".into(),
        ProviderError::Unknown(_) => "unknown".into(),
    }
}

/// A picture of one colour.
pub fn png(width: u32, height: u32) -> Bytes {
    let mut file = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(width, height).write_to(&mut file, image::ImageFormat::Png).expect("a picture");
    file.into_inner().into()
}

/// Width and height of a picture that can be decoded.
pub fn pixels(bytes: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(bytes).expect("a picture");
    (picture.width(), picture.height())
}
