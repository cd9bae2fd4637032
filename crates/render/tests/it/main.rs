//! The renderer from outside: real pictures and sounds in, a video out, looked at with ffprobe and a loudness meter.

mod captions;
mod clips;
mod failures;
mod fixture;
mod hostile;
mod jpeg;
mod pictures;
mod sound;
mod video;
