//! Conversations whose recording a crash has interrupted.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// Bytes of the header of a WAV file with 16-bit samples and at most two channels: `RIFF`, `fmt ` and the beginning of
/// `data` (Microsoft, Multimedia Programming Interface, chapter 3).
const HEADER: u64 = 44;

/// Where the header says how many bytes follow, of the whole and of the samples.
const LENGTHS: [(u64, u64); 2] = [(4, HEADER - 8), (40, 0)];

/// Brings an unfinished conversation under its name; false when this is none, or nothing of it is there.
pub(super) fn rescue(part: &Path) -> io::Result<bool> {
    let mut file = OpenOptions::new().read(true).write(true).open(part)?;
    let Some(bytes) = samples(&mut file)? else { return Ok(false) };
    for (at, more) in LENGTHS {
        let Ok(length) = u32::try_from(bytes + more) else { return Ok(false) };
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&length.to_le_bytes())?;
    }
    // The last sample may have come to the disk by half.
    file.set_len(HEADER + bytes)?;
    super::lane::keep(part, &part.with_extension(""))?;
    Ok(true)
}

/// How many bytes of whole pairs of samples a file of two channels has.
fn samples(file: &mut File) -> io::Result<Option<u64>> {
    let mut header = [0; HEADER as usize];
    match file.read_exact(&mut header) {
        Ok(()) => {}
        Err(short) if short.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(problem) => return Err(problem),
    }
    let is_ours = header.starts_with(b"RIFF") && header[22..24] == 2_u16.to_le_bytes() && header[36..40] == *b"data";
    let bytes = file.metadata()?.len().saturating_sub(HEADER) / 4 * 4;
    Ok((is_ours && bytes > 0).then_some(bytes))
}
