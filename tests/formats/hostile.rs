//! Malicious or damaged files: opening them, and reading those that open, never panics and takes little memory and
//! little work.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hemoscope_core::tokenizer::Tokenizer;
use hemoscope_core::weights::ReadAt;
use hemoscope_core::weights::architecture::{LLAMA, QWEN2};
use hemoscope_core::weights::formats::{NamedFile, open};
use proptest::prelude::*;

use crate::allocation::allocated;
use crate::{named, small_model};

/// A file may cost this many times its size: a string of one byte takes eight in the file and 25 in memory, an
/// encoded weight of 2.6 bits becomes one of 32 bits and is read while others are not, JSON grows when parsed.
const BYTES_A_BYTE: usize = 32;

/// On top of that come read buffers, pieces of a tensor, and the tokenizer's cache and patterns.
const BYTES_BESIDE: usize = 24 << 20;

/// Work is counted in bytes read and in allocations, since a clock is unreliable on a busy machine. Each reader that
/// might know a header looks at it, and a tensor is read once.
const READS_A_BYTE: usize = 4;
/// A tensor's encoding, a name, a token: a few allocations for the handful of bytes that declare them.
const ALLOCATIONS_A_BYTE: usize = 4;
/// The tokenizer's patterns are compiled whatever the file says.
const ALLOCATIONS_BESIDE: usize = 10_000;

const CASES: u32 = 400;

/// A file that counts what is read from it.
struct Counted {
    file: Arc<dyn ReadAt>,
    read: Arc<AtomicUsize>,
}

impl ReadAt for Counted {
    fn size(&self) -> u64 {
        self.file.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read.fetch_add(buffer.len(), Ordering::Relaxed);
        self.file.read_at(offset, buffer)
    }
}

/// Opens the files, reads every tensor and makes the tokenizer; any result is fine.
fn use_all(files: Vec<NamedFile>) {
    let size: usize = files
        .iter()
        .map(|(_, file)| usize::try_from(file.size()).unwrap())
        .sum();
    let read = Arc::<AtomicUsize>::default();
    let counted = |(name, file)| {
        let read = Arc::clone(&read);
        let file: Arc<dyn ReadAt> = Arc::new(Counted { file, read });
        (name, file)
    };
    let files = files.into_iter().map(counted).collect();
    let ((), taken) = allocated(|| {
        let Ok(opened) = open(files) else { return };
        for (_, tensor) in opened.pristine.tensors() {
            drop(tensor.read());
        }
        if let Ok(tokenizer) = Tokenizer::new(&opened.tokenizer) {
            drop(tokenizer.encode("a b1 é"));
        }
    });
    let read = read.load(Ordering::Relaxed);
    assert!(
        taken.peak <= size * BYTES_A_BYTE + BYTES_BESIDE,
        "{taken:?} for files of {size} bytes"
    );
    assert!(
        taken.count <= size * ALLOCATIONS_A_BYTE + ALLOCATIONS_BESIDE,
        "{taken:?} for files of {size} bytes"
    );
    assert!(read <= size * READS_A_BYTE, "{read} bytes were read of files of {size}");
}

/// Ways to damage a file.
#[derive(Debug, Clone)]
enum Damage {
    Truncate(prop::sample::Index),
    FlipBit(prop::sample::Index, u8),
    /// Eight bytes become a number that overflows something.
    Number(prop::sample::Index, u64),
    Insert(prop::sample::Index, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let number = prop_oneof![
        Just(u64::MAX),
        Just(u64::MAX - 7),
        Just(1 << 63),
        Just(1 << 61),
        Just((1 << 32) - 1),
        Just(1 << 32),
        Just(1 << 30),
        0_u64..64,
        any::<u64>(),
    ];
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Damage::Truncate),
        (any::<prop::sample::Index>(), 0_u8..8).prop_map(|(at, bit)| Damage::FlipBit(at, bit)),
        (any::<prop::sample::Index>(), number).prop_map(|(at, number)| Damage::Number(at, number)),
        (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..32))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
    ]
}

/// Damages the first `header` bytes, where nearly everything can go wrong, or any bytes if there is no header.
fn spoil(mut bytes: Vec<u8>, header: usize, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let within = header.min(bytes.len());
        if within == 0 {
            break;
        }
        match damage {
            Damage::Truncate(at) => {
                let length = bytes.len();
                bytes.truncate(at.index(length));
            }
            Damage::FlipBit(at, bit) => bytes[at.index(within)] ^= 1 << bit,
            Damage::Number(at, number) => {
                let start = at.index(within);
                let number = number.to_le_bytes();
                let length = number.len().min(bytes.len() - start);
                bytes[start..start + length].copy_from_slice(&number[..length]);
            }
            Damage::Insert(at, inserted) => {
                let start = at.index(within);
                bytes.splice(start..start, inserted.iter().copied());
            }
        }
    }
    bytes
}

fn gguf_bytes() -> Vec<u8> {
    small_model::gguf(&small_model::tiny(&LLAMA)).bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_after_the_magic(tail in prop::collection::vec(any::<u8>(), 0..512), version in 0_u32..5) {
        let bytes = [b"GGUF".as_slice(), &version.to_le_bytes(), &tail].concat();
        use_all(vec![named("m.gguf", &bytes)]);
    }

    #[test]
    fn spoiled_gguf(damages in prop::collection::vec(damage(), 1..4)) {
        let whole = gguf_bytes();
        let header = whole.len() / 2;
        use_all(vec![named("m.gguf", &spoil(whole, header, &damages))]);
    }

    #[test]
    fn spoiled_safetensors(damages in prop::collection::vec(damage(), 1..4), file in 0_usize..3) {
        let mut files = small_model::hugging_face(&small_model::tiny(&QWEN2));
        let (name, whole) = &files[file];
        let mut bytes = vec![0; usize::try_from(whole.size()).unwrap()];
        whole.read_at(0, &mut bytes).unwrap();
        let header = bytes.len().min(1600);
        files[file] = named(&name.clone(), &spoil(bytes, header, &damages));
        use_all(files);
    }

    #[test]
    fn random_safetensors_header(
        text in "[{}\\[\\]\":,0-9a-zA-Z_. -]{0,200}",
        length in prop_oneof![0_u64..300, any::<u64>()],
    ) {
        let mut files = small_model::hugging_face(&small_model::tiny(&LLAMA));
        let bytes = [&length.to_le_bytes(), b"{".as_slice(), text.as_bytes()].concat();
        files[1] = named("model.safetensors", &bytes);
        use_all(files);
    }

    #[test]
    fn random_llama2c_header(
        sizes in prop::array::uniform7(prop_oneof![-1_i32..64, any::<i32>()]),
        tail in 0_usize..4096,
    ) {
        let mut bytes: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
        bytes.resize(bytes.len() + tail, 1);
        use_all(vec![named("stories.bin", &bytes), named("tok.bin", &bytes)]);
    }
}

#[test]
fn every_truncation_of_a_gguf_file_is_an_error() {
    let whole = gguf_bytes();
    for length in 0..whole.len() {
        // The padding after the last tensor is not needed.
        if let Ok(opened) = open(vec![named("m.gguf", &whole[..length])]) {
            assert!(whole.len() - length < 32, "{length} of {} bytes open", whole.len());
            assert!(opened.pristine.tensors().all(|(_, tensor)| tensor.read().is_ok()));
        }
    }
}

#[test]
fn undamaged_files_open() {
    for architecture in [&LLAMA, &QWEN2] {
        let model = small_model::tiny(architecture);
        open(vec![named("m.gguf", &small_model::gguf(&model).bytes())]).unwrap();
        open(small_model::hugging_face(&model)).unwrap();
    }
}

#[test]
fn deeply_nested_arrays_end() {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    bytes.push(b'k');
    bytes.extend(9_u32.to_le_bytes());
    for _ in 0..100_000 {
        bytes.extend(9_u32.to_le_bytes());
        bytes.extend(1_u64.to_le_bytes());
    }
    let message = open(vec![named("m.gguf", &bytes)]).unwrap_err().to_string();
    assert!(message.contains("nested more than"), "{message}");
}
