//! The renderer from outside: real pictures and sounds in, a video out, looked at with ffprobe and a loudness meter.

mod captions;
mod failures;
mod fixture;
mod sound;
mod video;
