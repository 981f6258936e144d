//! Brotli, both ways, as Node drives it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use brotli::{
    Allocator, SliceWrapper, SliceWrapperMut,
    enc::{
        BrotliAlloc,
        encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct},
    },
};
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState};

use super::{Codec, Status, Step};

/// Brotli's number for the operation that ends a stream.
const FINISH: u32 = 2;

/// zlib's number, which Node has for a brotli stream that is cut short.
const BUFFER_ERROR: i32 = -5;

/// And for one that can't be done what is asked of it.
const STREAM_ERROR: i32 = -2;

/// From this quality on, it takes a while to look for what repeats: it looks at no more than the least at once.
const SEARCHING_QUALITY: u32 = 5;

/// The base two logarithm of that least.
const LEAST_BLOCK_BITS: u32 = 16;

/// From this quality on, compression is so slow that it has to put out what it has in even smaller parts, so that a
/// termination is seen soon: 16 KiB take some tens of milliseconds, and compress by a hundredth less.
const SLOW_QUALITY: u32 = 10;
const SLOW_BLOCK_BYTES: usize = 16 << 10;

/// Ordinary memory, counted.
#[derive(Clone, Debug, Default)]
struct Counted(Arc<AtomicUsize>);

/// A part of it.
struct Part<T> {
    cells: Box<[T]>,
    count: Counted,
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self {
            cells: Box::default(),
            count: Counted::default(),
        }
    }
}

impl<T> Drop for Part<T> {
    fn drop(&mut self) {
        let bytes = size_of_val::<[T]>(&self.cells);
        self.count.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl<T> SliceWrapper<T> for Part<T> {
    fn slice(&self) -> &[T] {
        &self.cells
    }
}

impl<T> SliceWrapperMut<T> for Part<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.cells
    }
}

impl<T: Clone + Default> Allocator<T> for Counted {
    type AllocatedMemory = Part<T>;

    fn alloc_cell(&mut self, length: usize) -> Part<T> {
        let cells = vec![T::default(); length].into_boxed_slice();
        let bytes = size_of_val::<[T]>(&cells);
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Part {
            cells,
            count: self.clone(),
        }
    }

    fn free_cell(&mut self, part: Part<T>) {
        drop(part);
    }
}

impl BrotliAlloc for Counted {}

impl Counted {
    fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

pub struct BrotliCompressor {
    state: BrotliEncoderStateStruct<Counted>,
    memory: Counted,
    parameters: Vec<(u32, u32)>,
    is_slow: bool,
    /// Bytes taken in since all was put out.
    held: usize,
}

impl BrotliCompressor {
    /// `parameters` are brotli's numbers and their values; those that it does not know are left out.
    pub fn new(parameters: Vec<(u32, u32)>) -> Self {
        let memory = Counted::default();
        let mut state = BrotliEncoderStateStruct::new(memory.clone());
        let mut quality = 11;
        for &(number, value) in &parameters {
            if let Some(parameter) = parameter(number) {
                state.set_parameter(parameter, value);
            }
            if number == BrotliEncoderParameter::BROTLI_PARAM_QUALITY as u32 {
                quality = value;
            }
        }
        let is_slow = quality >= SLOW_QUALITY;
        if quality >= SEARCHING_QUALITY {
            let block = BrotliEncoderParameter::BROTLI_PARAM_LGBLOCK;
            state.set_parameter(block, LEAST_BLOCK_BITS);
        }
        Self {
            state,
            memory,
            parameters,
            is_slow,
            held: 0,
        }
    }

    /// Takes what it can of the input, by one operation of brotli's; whether that was sound.
    fn run(
        &mut self,
        operation: BrotliEncoderOperation,
        input: &[u8],
        output: &mut [u8],
        step: &mut Step,
    ) -> bool {
        let (mut left, mut consumed) = (input.len(), 0);
        let mut room = output.len() - step.produced;
        let sound = self.state.compress_stream(
            operation,
            &mut left,
            input,
            &mut consumed,
            &mut room,
            output,
            &mut step.produced,
            &mut None,
            &mut |_, _, _, _| (),
        );
        step.consumed += consumed;
        self.held += consumed;
        sound
    }
}

fn operation(flush: u32) -> BrotliEncoderOperation {
    match flush {
        1 => BrotliEncoderOperation::BROTLI_OPERATION_FLUSH,
        FINISH => BrotliEncoderOperation::BROTLI_OPERATION_FINISH,
        3 => BrotliEncoderOperation::BROTLI_OPERATION_EMIT_METADATA,
        _ => BrotliEncoderOperation::BROTLI_OPERATION_PROCESS,
    }
}

/// Those that Node names and this compressor has.
fn parameter(number: u32) -> Option<BrotliEncoderParameter> {
    use BrotliEncoderParameter as Parameter;
    Some(match number {
        0 => Parameter::BROTLI_PARAM_MODE,
        1 => Parameter::BROTLI_PARAM_QUALITY,
        2 => Parameter::BROTLI_PARAM_LGWIN,
        3 => Parameter::BROTLI_PARAM_LGBLOCK,
        4 => Parameter::BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING,
        5 => Parameter::BROTLI_PARAM_SIZE_HINT,
        _ => return None,
    })
}

impl Codec for BrotliCompressor {
    fn step(&mut self, input: &[u8], output: &mut [u8], flush: u32) -> Step {
        let mut step = Step {
            consumed: 0,
            produced: 0,
            status: Status::Open,
        };
        let mut sound = true;
        if self.is_slow && self.held >= SLOW_BLOCK_BYTES {
            let flush = BrotliEncoderOperation::BROTLI_OPERATION_FLUSH;
            sound = self.run(flush, &[], output, &mut step);
            if sound && self.state.has_more_output() {
                return step;
            }
            self.held = 0;
        }
        sound = sound && self.run(operation(flush), input, output, &mut step);
        if !sound {
            step.status = Status::Failed {
                number: STREAM_ERROR,
                message: None,
            };
        } else if self.state.is_finished() {
            step.status = Status::Ended;
        }
        step
    }

    fn weight(&self) -> usize {
        self.memory.bytes()
    }

    fn reset(&mut self) {
        *self = Self::new(std::mem::take(&mut self.parameters));
    }
}

type DecoderState = BrotliState<Counted, Counted, Counted>;

pub struct BrotliDecompressor {
    state: Box<DecoderState>,
    memory: Counted,
}

impl BrotliDecompressor {
    pub fn new() -> Self {
        let memory = Counted::default();
        // Windows of a gigabyte are none that a function could hold.
        let state = DecoderState::new_strict(memory.clone(), memory.clone(), memory.clone());
        Self {
            state: Box::new(state),
            memory,
        }
    }
}

impl Codec for BrotliDecompressor {
    fn step(&mut self, input: &[u8], output: &mut [u8], flush: u32) -> Step {
        let (mut input_left, mut consumed) = (input.len(), 0);
        let (mut room, mut produced) = (output.len(), 0);
        let result = BrotliDecompressStream(
            &mut input_left,
            &mut consumed,
            input,
            &mut room,
            &mut produced,
            output,
            &mut 0,
            &mut self.state,
        );
        Step {
            consumed,
            produced,
            status: match result {
                BrotliResult::ResultSuccess => Status::Ended,
                BrotliResult::NeedsMoreInput if flush == FINISH => Status::Failed {
                    number: BUFFER_ERROR,
                    message: Some("unexpected end of file"),
                },
                BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Status::Open,
                BrotliResult::ResultFailure => Status::Failed {
                    number: self.state.error_code as i32,
                    message: Some("Decompression failed"),
                },
            },
        }
    }

    fn weight(&self) -> usize {
        self.memory.bytes() + size_of::<DecoderState>()
    }

    fn reset(&mut self) {
        *self = Self::new();
    }
}
