//! The one door to libespeak-ng: opening it, its voices, and recording what it says.
//!
//! The library has one global state, so that everything here happens under one lock.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_short, c_uchar, c_uint, c_void};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::voice::{Chosen, Gender, Voice};
use crate::error::ProviderError;

#[cfg(target_os = "macos")]
const FILES: &[&str] =
    &["libespeak-ng.1.dylib", "libespeak-ng.dylib", "/opt/homebrew/lib/libespeak-ng.dylib", "/usr/local/lib/libespeak-ng.dylib"];
#[cfg(windows)]
const FILES: &[&str] = &["libespeak-ng.dll", "espeak-ng.dll"];
#[cfg(not(any(target_os = "macos", windows)))]
const FILES: &[&str] = &["libespeak-ng.so.1", "libespeak-ng.so"];

#[cfg(target_os = "macos")]
const REMEDY: &str = "install it with: brew install espeak-ng";
#[cfg(windows)]
const REMEDY: &str = "install it with: winget install eSpeak-NG.eSpeak-NG";
#[cfg(not(any(target_os = "macos", windows)))]
const REMEDY: &str = "install it with: sudo apt-get install espeak-ng";

// Values of espeak-ng's speak_lib.h, API revision 12.
const SYNCHRONOUS: c_int = 2;
const PHONEME_EVENTS: c_int = 0x0001;
const DONT_EXIT: c_int = 0x8000;
const UTF8: c_uint = 1;
const BY_CHARACTER: c_int = 1;
const RATE: c_int = 1;
const PITCH: c_int = 3;
const RANGE: c_int = 4;
const LIST_TERMINATED: c_int = 0;
const WORD: c_int = 1;
const PHONEME: c_int = 7;

/// `espeak_EVENT`.
#[repr(C)]
struct RawEvent {
    kind: c_int,
    message: c_uint,
    text_position: c_int,
    length: c_int,
    audio_position: c_int,
    sample: c_int,
    user_data: *mut c_void,
    /// A union in C, eight bytes long; used here as a phoneme's name only.
    name: [u8; 8],
}

/// `espeak_VOICE`.
#[repr(C)]
struct RawVoice {
    name: *const c_char,
    languages: *const c_char,
    identifier: *const c_char,
    gender: c_uchar,
    age: c_uchar,
    variant: c_uchar,
    reserved: c_uchar,
    score: c_int,
    spare: *mut c_void,
}

type Callback = unsafe extern "C" fn(*mut c_short, c_int, *mut RawEvent) -> c_int;
type Initialize = unsafe extern "C" fn(c_int, c_int, *const c_char, c_int) -> c_int;
type SetCallback = unsafe extern "C" fn(Callback);
type Info = unsafe extern "C" fn(*mut *const c_char) -> *const c_char;
type ListVoices = unsafe extern "C" fn(*mut RawVoice) -> *const *const RawVoice;
type SetVoice = unsafe extern "C" fn(*const c_char) -> c_int;
type SetParameter = unsafe extern "C" fn(c_int, c_int, c_int) -> c_int;
type Synth = unsafe extern "C" fn(*const c_void, usize, c_uint, c_int, c_uint, c_uint, *mut c_uint, *mut c_void) -> c_int;

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Words per minute, 80 to 450.
    pub rate: i32,
    /// On espeak-ng's scale of 0 to 100.
    pub pitch: i32,
    /// How lively, on espeak-ng's scale of 0 to 100.
    pub range: i32,
}

/// What espeak-ng said, and where in it the words are.
#[derive(Debug, Default)]
pub(super) struct Recording {
    pub samples: Vec<i16>,
    /// The loudest sample, without its sign.
    pub peak: u16,
    pub words: Vec<WordEvent>,
    pub phonemes: Vec<Phoneme>,
}

/// The beginning of a word. One word of the text may have several (numbers) or none (words that are joined when spoken).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WordEvent {
    /// Index of its first character in the text.
    pub character: usize,
    /// Where it begins in the recording.
    pub sample: usize,
}

/// The beginning of a phoneme or of a pause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Phoneme {
    pub sample: usize,
    pub pause: bool,
}

thread_local! {
    /// Filled by [`record`], which espeak-ng calls on the thread that asked for the synthesis.
    static RECORDING: RefCell<Recording> = RefCell::default();
}

/// The opened library.
pub(super) struct Engine {
    /// Samples per second.
    pub rate: u32,
    pub voices: Vec<Voice>,
    set_voice: SetVoice,
    set_parameter: SetParameter,
    synth: Synth,
    /// Keeps the functions above loaded.
    _library: libloading::Library,
}

/// Runs `work` with the library, opening it at the first call. A failure is not remembered, so that installing espeak-ng
/// helps without a restart.
pub(super) fn with<T>(work: impl FnOnce(&Engine) -> Result<T, ProviderError>) -> Result<T, ProviderError> {
    static ENGINE: Mutex<Option<Engine>> = Mutex::new(None);
    // Every call sets voice and parameters anew: a panic elsewhere can't leave a state that matters.
    let mut engine = ENGINE.lock().unwrap_or_else(PoisonError::into_inner);
    let engine = match &mut *engine {
        Some(engine) => engine,
        slot => slot.insert(open()?),
    };
    work(engine)
}

fn open() -> Result<Engine, ProviderError> {
    // SAFETY: libespeak-ng's initialisers only set up its own tables.
    let library = FILES.iter().find_map(|file| unsafe { libloading::Library::new(*file) }.ok());
    let library = library.ok_or_else(|| ProviderError::Fatal(format!("espeak-ng was not found; {REMEDY}")))?;
    // SAFETY: the types are those of speak_lib.h, unchanged since espeak-ng 1.49.
    unsafe { initialise(library) }
}

/// # Safety
/// `library` must be libespeak-ng.
unsafe fn initialise(library: libloading::Library) -> Result<Engine, ProviderError> {
    let broken = |error: libloading::Error| {
        ProviderError::Fatal(format!("The installed espeak-ng is too old or damaged ({error}); {REMEDY}"))
    };
    // SAFETY: the promise of this function; the copied function pointers live no longer than the library beside them.
    unsafe {
        let start = *library.get::<Initialize>("espeak_Initialize").map_err(broken)?;
        let info = *library.get::<Info>("espeak_Info").map_err(broken)?;
        let set_callback = *library.get::<SetCallback>("espeak_SetSynthCallback").map_err(broken)?;
        let list = *library.get::<ListVoices>("espeak_ListVoices").map_err(broken)?;
        let set_voice = *library.get::<SetVoice>("espeak_SetVoiceByName").map_err(broken)?;
        let set_parameter = *library.get::<SetParameter>("espeak_SetParameter").map_err(broken)?;
        let synth = *library.get::<Synth>("espeak_Synth").map_err(broken)?;

        let rate = start(SYNCHRONOUS, 0, std::ptr::null(), PHONEME_EVENTS | DONT_EXIT);
        let mut data = std::ptr::null();
        info(&mut data);
        let data = if data.is_null() { String::new() } else { CStr::from_ptr(data).to_string_lossy().into_owned() };
        // Without its data the library still answers here, but would crash later.
        let rate = u32::try_from(rate).ok().filter(|rate| *rate > 0 && Path::new(&data).join("phontab").is_file());
        let rate = rate.ok_or_else(|| ProviderError::Fatal(format!("espeak-ng's data was not found in \"{data}\"; {REMEDY}")))?;
        set_callback(record);
        let mut voices = read_voices(list(std::ptr::null_mut()));
        voices.extend(variants(list));
        Ok(Engine { rate, voices, set_voice, set_parameter, synth, _library: library })
    }
}

/// # Safety
/// `list` must be `espeak_ListVoices`.
unsafe fn variants(list: ListVoices) -> Vec<Voice> {
    let mut wanted = RawVoice {
        name: std::ptr::null(),
        languages: c"variant".as_ptr(),
        identifier: std::ptr::null(),
        gender: 0,
        age: 0,
        variant: 0,
        reserved: 0,
        score: 0,
        spare: std::ptr::null_mut(),
    };
    // SAFETY: as the promise of this function; the struct outlives the call.
    let mut variants = unsafe { read_voices(list(&mut wanted)) };
    variants.retain(|voice| voice.identifier.starts_with("!v/"));
    for variant in &mut variants {
        variant.name = format!("+{}", variant.identifier.trim_start_matches("!v/"));
        variant.languages.clear();
    }
    variants.sort_by_key(|variant| variant.name.to_lowercase());
    variants
}

/// # Safety
/// `list` must be what `espeak_ListVoices` answered, and no other call may have been made since.
unsafe fn read_voices(mut list: *const *const RawVoice) -> Vec<Voice> {
    let mut voices = Vec::new();
    // SAFETY: the list ends with a null; its strings end with a zero, and the languages with an empty entry.
    unsafe {
        while !list.is_null() && !(*list).is_null() {
            let raw = &**list;
            list = list.add(1);
            let text = |pointer: *const c_char| CStr::from_ptr(pointer).to_string_lossy().into_owned();
            let mut languages = Vec::new();
            let mut next = raw.languages;
            // Each entry is one byte of priority, then the tag.
            while !next.is_null() && *next != 0 {
                let tag = CStr::from_ptr(next.add(1));
                languages.push(tag.to_string_lossy().into_owned());
                next = next.add(2 + tag.to_bytes().len());
            }
            let gender = match raw.gender {
                1 => Some(Gender::Male),
                2 => Some(Gender::Female),
                _ => None,
            };
            let name = languages.first().cloned().unwrap_or_default();
            voices.push(Voice { name, title: text(raw.name), languages, gender, identifier: text(raw.identifier) });
        }
    }
    voices
}

impl Engine {
    /// Records one text. It must not contain control characters: espeak-ng takes some of them as commands.
    pub(super) fn synthesise(&self, text: &str, voice: &Chosen, manner: Manner) -> Result<Recording, ProviderError> {
        let failed = |what: &str| ProviderError::Fatal(format!("espeak-ng could not {what}; {REMEDY}"));
        let text = CString::new(text).map_err(|_| failed("read a text with a zero character"))?;
        let name = CString::new(voice.file.as_str()).map_err(|_| failed("find a voice with a zero character"))?;
        RECORDING.take();
        // SAFETY: the library is initialised, the lock is held, and the strings outlive the calls; synthesis ends before
        // `synth` returns because the library was started as synchronous.
        unsafe {
            if (self.set_voice)(name.as_ptr()) != 0 {
                return Err(failed(&format!("load its voice \"{}\"", voice.file)));
            }
            (self.set_parameter)(RATE, manner.rate, 0);
            (self.set_parameter)(PITCH, manner.pitch, 0);
            (self.set_parameter)(RANGE, manner.range, 0);
            let size = text.as_bytes_with_nul().len();
            let (unused, no_data) = (std::ptr::null_mut(), std::ptr::null_mut());
            if (self.synth)(text.as_ptr().cast(), size, 0, BY_CHARACTER, 0, UTF8, unused, no_data) != 0 {
                return Err(failed("speak the text"));
            }
        }
        let mut recording = RECORDING.take();
        recording.peak = recording.samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        Ok(recording)
    }
}

/// espeak-ng calls this with each piece of sound and the events in it.
///
/// # Safety
/// Only for espeak-ng: `sound` holds `count` samples or is null, `events` ends with a terminator.
unsafe extern "C" fn record(sound: *mut c_short, count: c_int, events: *mut RawEvent) -> c_int {
    RECORDING.with_borrow_mut(|recording| {
        if let (false, Ok(count)) = (sound.is_null(), usize::try_from(count)) {
            // SAFETY: as promised above.
            recording.samples.extend_from_slice(unsafe { std::slice::from_raw_parts(sound, count) });
        }
        let mut next = events;
        // SAFETY: as promised above.
        while let Some(event) = unsafe { next.as_ref() }.filter(|event| event.kind != LIST_TERMINATED) {
            note(recording, event);
            // SAFETY: the terminator has not been reached.
            next = unsafe { next.add(1) };
        }
    });
    0
}

fn note(recording: &mut Recording, event: &RawEvent) {
    let Ok(sample) = usize::try_from(event.sample) else { return };
    match event.kind {
        // An event without length marks the end of a clause rather than a word; positions count from 1.
        WORD if event.length > 0 && event.text_position > 0 => {
            recording.words.push(WordEvent { character: event.text_position as usize - 1, sample });
        }
        // Pauses are named `_`, `_:` and so on.
        PHONEME => recording.phonemes.push(Phoneme { sample, pause: matches!(event.name[0], 0 | b'_') }),
        _ => {}
    }
}
