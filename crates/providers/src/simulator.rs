//! A server that speaks the wire formats of all vendors, makes real media, keeps a ledger of the calls, and misbehaves when told to.
//!
//! The program is developed and tested against it, for free and without a key. What the adapters know of a vendor is not
//! here: the simulator follows the vendors' documents, so that an error in an adapter shows.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

mod call;
mod edge;
mod elevenlabs;
mod fault;
mod file;
mod gemini;
mod groq;
mod job;
mod language;
mod ledger;
mod media;
mod multipart;
mod ollama;
mod openai;
mod reply;
mod schema;
mod server;
mod stock;
mod suno;
mod vendor;
mod vertex;
mod world;
mod writer;

pub use fault::{Fault, FaultKind, FaultOrder};
pub use ledger::{Entry, Total};

use world::World;

/// How long open connections may go on after a stop.
const GRACE: Duration = Duration::from_secs(2);

/// How the simulator behaves as long as no fault is ordered.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many times a job (clip, song) is asked about until it is done: the last of these polls tells that it is. At
    /// least 1.
    pub polls: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { polls: 2 }
    }
}

/// A running simulator, on a thread of its own. Dropping it stops it.
#[derive(Debug)]
pub struct Simulator {
    /// Where it listens.
    pub address: SocketAddr,
    world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Listens on `listen` (port 0 for any free one) and serves until it is dropped.
    ///
    /// # Errors
    /// When the address is taken or the thread can't be started.
    pub fn start(listen: SocketAddr, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let world = Arc::new(World::new(address, options));
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = world.clone();
        let thread = std::thread::Builder::new().name("simulator".to_owned()).spawn(move || {
            runtime.block_on(serve(listener, served, stopped));
            // Work that nobody waits for any more (a clip of a dropped connection) is not waited for either.
            runtime.shutdown_background();
        })?;
        Ok(Self { address, world, stop: Some(stop), thread: Some(thread) })
    }

    /// Such as `http://127.0.0.1:4010`: what `SHORTSAI_VENDOR_BASE` wants to be told.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every call since the start or the last [`forget`](Self::forget), in the order of arrival.
    pub fn calls(&self) -> Vec<Entry> {
        self.world.ledger.entries()
    }

    /// Empties the ledger; its numbers go on.
    pub fn forget(&self) {
        self.world.ledger.clear();
    }

    /// Orders a fault; it comes after those that were ordered before.
    pub fn misbehave(&self, order: FaultOrder) {
        self.world.faults.order(order);
    }

    /// Takes all ordered faults back.
    pub fn behave(&self) {
        self.world.faults.clear();
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // The thread may have ended by itself; then nobody listens and nothing is left to stop.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The routes, for a server of one's own that listens on `address`: links to media begin with it.
pub fn router(address: SocketAddr, options: Options) -> axum::Router {
    server::router(Arc::new(World::new(address, options)))
}

async fn serve(listener: TcpListener, world: Arc<World>, stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let (told, hear) = oneshot::channel::<()>();
    let server = axum::serve(listener, server::router(world)).with_graceful_shutdown(async move {
        let _ = hear.await;
    });
    let server = tokio::spawn(server.into_future());
    let _ = stopped.await;
    let _ = told.send(());
    let _ = tokio::time::timeout(GRACE, server).await;
}
