//! Frames on their way to an encoder: drawn in one of two places in turn, and lent to the pipe without being copied.
//!
//! A pipe that takes a copy of each frame first gets cleared pages from the kernel for it, which costs more than drawing the
//! captions. What is drawn is decided in `scene`; waiting for the encoder is in `ffmpeg`.

use std::sync::atomic::AtomicBool;

use model::storyboard::Size;

use crate::error::RenderError;
use crate::ffmpeg::Tool;
use crate::frame::Frame;

/// Two frames of which one is drawn while the encoder may still read the other.
pub(crate) struct Feed {
    frames: [Frame; 2],
    /// The one that is drawn.
    current: usize,
}

impl Feed {
    pub(crate) fn new(size: Size) -> Self {
        Self { frames: [Frame::black(size), Frame::black(size)], current: 0 }
    }

    /// The frame to draw on. It holds an older frame: all of it must be drawn.
    pub(crate) fn frame(&mut self) -> &mut Frame {
        &mut self.frames[self.current]
    }

    /// Sends the frame to the encoder. The feed must live until the encoder has ended: it reads from here.
    pub(crate) fn send(&mut self, tool: &mut Tool, stop: &AtomicBool) -> Result<(), RenderError> {
        let bytes = &self.frames[self.current].data;
        if bytes.len() > tool.pipe_bytes() {
            // A pipe never holds a whole frame: once this one is in it, the other one has been read to its end.
            tool.lend_until(bytes, stop)?;
            self.current = 1 - self.current;
        } else {
            tool.write_until(bytes, stop)?;
        }
        Ok(())
    }
}
