//! The API's messages on their way through tonic: prost, with room made for a message once instead of while
//! it is written, which for a batch copied it twice.

use std::marker::PhantomData;

use prost::Message;
use tonic::{
    Status,
    codec::{Codec, EncodeBuf, Encoder},
};
use tonic_prost::{ProstCodec, ProstDecoder};

/// Writes messages of type `Out` and reads messages of type `In`.
#[derive(Debug)]
pub struct SizedCodec<Out, In> {
    directions: PhantomData<fn(Out) -> In>,
}

impl<Out, In> Default for SizedCodec<Out, In> {
    fn default() -> Self {
        Self {
            directions: PhantomData,
        }
    }
}

impl<Out, In> Codec for SizedCodec<Out, In>
where
    Out: Message + Send + 'static,
    In: Message + Default + Send + 'static,
{
    type Encode = Out;
    type Decode = In;
    type Encoder = SizedEncoder<Out>;
    type Decoder = ProstDecoder<In>;

    fn encoder(&mut self) -> Self::Encoder {
        SizedEncoder(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<Out, In>::default().decoder()
    }
}

/// Writes messages of one type.
#[derive(Debug)]
pub struct SizedEncoder<Out>(PhantomData<fn(Out)>);

impl<Out: Message> Encoder for SizedEncoder<Out> {
    type Item = Out;
    type Error = Status;

    fn encode(&mut self, message: Out, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(message.encoded_len());
        message.encode_raw(buffer);
        Ok(())
    }
}
