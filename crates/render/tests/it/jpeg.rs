//! A JPEG writer for kinds that no encoder at hand makes: every 8×8 block has one colour, in any number of components.

/// How the components are to be read, as a marker of Adobe's programs says it.
pub enum Adobe {
    /// No marker.
    None,
    /// 0: as they are; 1: YCbCr; 2: YCbCr and black.
    Transform(u8),
}

/// The frame's kind.
pub struct Kind {
    pub progressive: bool,
    /// Bits a sample as written in the header.
    pub precision: u8,
    pub adobe: Adobe,
}

/// A picture of `columns` × `rows` blocks; `block` gives the components of each.
pub fn write(kind: &Kind, (columns, rows): (u16, u16), components: u8, block: impl Fn(u16, u16) -> Vec<u8>) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8];
    if let Adobe::Transform(transform) = kind.adobe {
        segment(&mut file, 0xee, &[b"Adobe".as_slice(), &[0, 100, 0, 0, 0, 0, transform]].concat());
    }
    segment(&mut file, 0xdb, &[&[0][..], &[1; 64]].concat());
    let mut frame = vec![kind.precision];
    frame.extend((rows * 8).to_be_bytes());
    frame.extend((columns * 8).to_be_bytes());
    frame.push(components);
    (1..=components).for_each(|id| frame.extend([id, 0x11, 0]));
    segment(&mut file, if kind.progressive { 0xc2 } else { 0xc0 }, &frame);
    // Twelve sizes of differences with codes of four bits; one code of one bit for "nothing more in this block".
    segment(&mut file, 0xc4, &[&[0, 0, 0, 0, 12][..], &[0; 12], &(0..12).collect::<Vec<u8>>()].concat());
    segment(&mut file, 0xc4, &[&[0x10, 1][..], &[0; 15], &[0]].concat());
    let mut scan = vec![components];
    (1..=components).for_each(|id| scan.extend([id, 0]));
    scan.extend([0, if kind.progressive { 0 } else { 63 }, 0]);
    segment(&mut file, 0xda, &scan);
    let mut bits = Bits::default();
    let mut before = vec![0i32; usize::from(components)];
    for row in 0..rows {
        for column in 0..columns {
            for (value, before) in block(column, row).into_iter().zip(&mut before) {
                let mean = (i32::from(value) - 128) * 8;
                let difference = mean - *before;
                *before = mean;
                let size = 32 - difference.unsigned_abs().leading_zeros();
                bits.push(size, 4);
                bits.push(if difference < 0 { (difference - 1) as u32 } else { difference as u32 }, size);
                if !kind.progressive {
                    bits.push(0, 1);
                }
            }
        }
    }
    file.extend(bits.finish());
    file.extend([0xff, 0xd9]);
    file
}

fn segment(file: &mut Vec<u8>, marker: u8, body: &[u8]) {
    file.extend([0xff, marker]);
    file.extend((body.len() as u16 + 2).to_be_bytes());
    file.extend(body);
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    current: u32,
    count: u32,
}

impl Bits {
    /// The lowest `count` bits of a value.
    fn push(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            self.current = self.current << 1 | (value >> at & 1);
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.current as u8);
                if self.current as u8 == 0xff {
                    self.bytes.push(0);
                }
                (self.current, self.count) = (0, 0);
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        while self.count > 0 {
            self.push(1, 1);
        }
        self.bytes
    }
}
