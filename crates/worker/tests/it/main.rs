//! Workers over real HTTP on loopback, with the real renderer and objects in a folder.

mod caller;
mod desk;
mod dispatch;
mod google;
mod older;
mod receiver;
mod service;
