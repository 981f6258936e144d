//! Text as bytes and bytes as text: `TextEncoder`, `TextDecoder`, `atob`, `btoa`.

use crate::{
    check::{Code, TRACK, delivers, fails},
    poison::POISON,
};

#[test]
fn text_is_encoded_as_utf8() {
    let source = r"function onTrack() {
          const encoder = new TextEncoder(), target = new Uint8Array(7)
          const into = (text, length) => { const { read, written } = encoder.encodeInto(text, target.subarray(0, length)); return [read, written] }
          return {
            bytes: [...encoder.encode('a\u00e9\u20ac\u{1f600}\ud800x\udc00')], nothing: [encoder.encode().length, encoder.encode(undefined).length],
            converted: [...encoder.encode(null)], own: encoder.encode('x').buffer.byteLength, name: encoder.encoding,
            into: [into('ab\u20acc\u{1f600}', 5), into('ab\u20acc\u{1f600}', 7), into('\u00e9\u00e9', 3), into('a\u{1f600}', 4), into('abc', 0), into('\ud800', 3)],
            left: [...target],
          } }";
    delivers(
        source,
        TRACK,
        r#"{"bytes":[97,195,169,226,130,172,240,159,152,128,239,191,189,120,239,191,189],"nothing":[0,0],
            "converted":[110,117,108,108],"own":1,"name":"utf-8",
            "into":[[3,5],[4,6],[1,2],[1,1],[0,0],[1,3]],"left":[239,191,189,130,172,99,0]}"#,
    );
}

#[test]
fn bytes_are_decoded_in_every_encoding_of_the_web() {
    let source = r"const bytes = new Uint8Array([0x82, 0xa0, 0x41, 0xc3, 0xa9, 0xe4, 0xb8, 0xad])
        const labels = ['utf8', ' UTF-8\n', 'unicode-1-1-utf-8', 'utf-16', 'utf-16be', 'latin1', 'ascii', 'iso-8859-2', 'sjis', 'euc-jp', 'gb2312', 'gb18030',
          'big5', 'euc-kr', 'koi8-r', 'macintosh', 'cp1251', 'ibm866', 'iso-8859-8-i', 'x-user-defined', 'iso-2022-jp', 'iso-8859-16']
        const none = ['utf-7', '', 'replacement', 'hz-gb-2312', 'utf8 x', 'x'.repeat(2000)]
        function onTrack() {
          return { decoded: labels.map(label => { const decoder = new TextDecoder(label); return decoder.encoding + ' ' + decoder.decode(bytes) }),
            none: none.map(label => { try { new TextDecoder(label) } catch (error) { return error.name + error.code } }) }
        }";
    delivers(
        source,
        TRACK,
        r#"{"decoded":["utf-8 ��Aé中","utf-8 ��Aé中","utf-8 ��Aé中","utf-16le ꂂ썁\ue4a9궸","utf-16be 芠䇃ꧤ뢭","windows-1252 ‚\u00a0AÃ©ä¸\u00ad",
            "windows-1252 ‚\u00a0AÃ©ä¸\u00ad","iso-8859-2 \u0082\u00a0AĂŠä¸\u00ad","shift_jis あAﾃｩ荳ｭ","euc-jp ��A辿筝�",
              "gbk 偁A茅涓�","gb18030 偁A茅涓�","big5 �A矇銝�","euc-kr 궇A챕訝�","koi8-r ┌═Aц╘Д╦╜","macintosh Ç†A√©‰∏≠",
              "windows-1251 ‚\u00a0AГ©дё\u00ad","ibm866 ВаA├йф╕н","iso-8859-8-i \u0082\u00a0A�©ה¸\u00ad",
              "x-user-defined \uf782\uf7a0A\uf7c3\uf7a9\uf7e4\uf7b8\uf7ad","iso-2022-jp ��A�����","iso-8859-16 \u0082\u00a0AĂ©äž\u00ad"],
            "none":["RangeErrorERR_ENCODING_NOT_SUPPORTED","RangeErrorERR_ENCODING_NOT_SUPPORTED","RangeErrorERR_ENCODING_NOT_SUPPORTED",
              "RangeErrorERR_ENCODING_NOT_SUPPORTED","RangeErrorERR_ENCODING_NOT_SUPPORTED","RangeErrorERR_ENCODING_NOT_SUPPORTED"]}"#,
    );
}

#[test]
fn malformed_bytes_are_replaced_or_refused() {
    let source = r"const of = (label, options, ...bytes) => {
          try { return new TextDecoder(label, options).decode(new Uint8Array(bytes)) } catch (error) { return error.name + ' ' + error.code }
        }
        const fatal = { fatal: true }, ignoreBOM = true
        function onTrack() { return { all: [
          of('utf8', {}, 0xf0, 0x9f, 0x41, 0xe2, 0x82, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xf5, 0x80), of('utf8', {}, 0xe2, 0x82),
          of('utf8', fatal, 0x41, 0xff), of('utf8', fatal, 0xe2, 0x82), of('utf8', fatal, 0xe2, 0x82, 0xac),
          of('utf-16le', {}, 0x41, 0, 0x42), of('utf-16le', fatal, 0x41, 0, 0x42), of('utf-16le', {}, 0, 0xd8, 0x42, 0), of('utf-16le', fatal, 0, 0xd8, 0x42, 0),
          of('sjis', {}, 0x82), of('sjis', fatal, 0x82), of('gb18030', fatal, 0x81, 0x30),
          of('utf8', {}, 0xef, 0xbb, 0xbf, 0x41), of('utf8', { ignoreBOM }, 0xef, 0xbb, 0xbf, 0x41), of('utf8', {}, 0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf),
          of('utf-16le', {}, 0xff, 0xfe, 0x41, 0), of('utf-16le', { ignoreBOM }, 0xff, 0xfe, 0x41, 0), of('latin1', {}, 0xef, 0xbb, 0xbf),
        ] } }";
    delivers(
        source,
        TRACK,
        r#"{"all":["�A��������","�","TypeError ERR_ENCODING_INVALID_ENCODED_DATA","TypeError ERR_ENCODING_INVALID_ENCODED_DATA","€",
            "A�","TypeError ERR_ENCODING_INVALID_ENCODED_DATA","�B","TypeError ERR_ENCODING_INVALID_ENCODED_DATA",
            "�","TypeError ERR_ENCODING_INVALID_ENCODED_DATA","TypeError ERR_ENCODING_INVALID_ENCODED_DATA",
            "A","\ufeffA","\ufeff","A","\ufeffA","ï»¿"]}"#,
    );
}

#[test]
fn characters_may_come_in_pieces() {
    let source = r"const pieces = (label, options, ...bytes) => {
          const decoder = new TextDecoder(label, options), texts = []
          for (const byte of bytes) {
            try { texts.push(decoder.decode(new Uint8Array([byte]), { stream: true })) } catch (error) { texts.push(error.code) }
          }
          texts.push(decoder.decode())
          return texts.join('|')
        }
        function onTrack() { return { all: [
          pieces('utf8', {}, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xe2, 0x41, 0xe2), pieces('utf8', {}, 0xef, 0xbb, 0xbf, 0x41, 0xef, 0xbb, 0xbf),
          pieces('utf8', { fatal: true }, 0xe2, 0x41, 0x42), pieces('utf-16le', {}, 0xff, 0xfe, 0x41, 0, 0x3d, 0xd8, 0, 0xde, 0x42),
          pieces('utf-16be', {}, 0xd8, 0x3d, 0xde, 0, 0xd8), pieces('sjis', {}, 0x82, 0xa0, 0x41, 0x82), pieces('euc-jp', {}, 0x8f, 0xb0, 0xa1, 0xa4, 0xa2),
          pieces('gb18030', {}, 0x81, 0x30, 0x81, 0x30, 0x41, 0x81, 0x30), pieces('big5', {}, 0xa4, 0xa4, 0xa4), pieces('latin1', {}, 0xe9, 0x41),
          pieces('iso-2022-jp', {}, 0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42, 0x41),
        ] } }";
    delivers(
        source,
        TRACK,
        r#"{"all":["||€||||😀||�A||�","|||A|||\ufeff|","|ERR_ENCODING_INVALID_ENCODED_DATA|B|","|||A||||😀||�","|||😀||�","|あ|A||�",
            "||丂||あ|","|||\u0080|A|||�","|中||�","é|A|","|||||||||あA"]}"#,
    );
}

#[test]
fn decoders_take_buffers_and_views() {
    let source = "function onTrack() {
          const bytes = new Uint8Array([65, 66, 67, 68]), decoder = new TextDecoder(), gone = new ArrayBuffer(4), view = new Uint8Array(gone)
          gone.transfer()
          const texts = [bytes, bytes.buffer, bytes.subarray(1, 3), new DataView(bytes.buffer, 2), new Uint16Array(bytes.buffer), gone, view, undefined]
          const refused = [null, 5, 'x', {}, []].map(value => { try { decoder.decode(value) } catch (error) { return error.code } })
          return { texts: texts.map(value => decoder.decode(value)), refused } }";
    delivers(
        source,
        TRACK,
        r#"{"texts":["ABCD","ABCD","BC","CD","ABCD","","",""],"refused":["ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE",
            "ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE"]}"#,
    );
}

#[test]
fn a_buffer_that_goes_away_in_the_middle_is_empty() {
    let source = "function onTrack() {
          const buffer = new ArrayBuffer(8), view = new Uint8Array(buffer)
          const options = { get stream() { buffer.transfer(); return false } }
          const text = new TextDecoder().decode(view, options)
          const other = new Uint8Array(8)
          const { written } = new TextEncoder().encodeInto({ toString() { other.buffer.transfer(); return 'abc' } }, other)
          return { length: text.length, written } }";
    delivers(source, TRACK, r#"{"length":0,"written":0}"#);
}

#[test]
fn base64_is_the_webs() {
    let source = r"const attempt = (convert, text) => { try { return convert(text) } catch (error) { return error.name + error.code } }
        function onTrack() { return {
          to: ['', 'a', 'ab', 'abc', '\u0000\u00ff', null, undefined, 12, 'a\u0100', '\u{1f600}'].map(text => attempt(btoa, text)),
          from: ['', 'YQ==', 'YQ', 'YR', ' Y Q\n=\t= ', 'AP8=', '/+//', null, 'YQ=', 'YQ===', '=', '====', 'Y', 'YQ==YQ==', 'YW-_', 'YQ\u000b', 'YWJ\u0100'].map(text => attempt(atob, text)),
          missing: [btoa, atob].map(convert => { try { convert() } catch (error) { return error.code } }),
        } }";
    delivers(
        source,
        TRACK,
        r#"{"to":["","YQ==","YWI=","YWJj","AP8=","bnVsbA==","dW5kZWZpbmVk","MTI=","InvalidCharacterError5","InvalidCharacterError5"],
            "from":["","a","a","a","a","\u0000ÿ","ÿïÿ","\u009eée","InvalidCharacterError5","InvalidCharacterError5","InvalidCharacterError5",
              "InvalidCharacterError5","InvalidCharacterError5","InvalidCharacterError5","InvalidCharacterError5","InvalidCharacterError5",
              "InvalidCharacterError5"],
            "missing":["ERR_MISSING_ARGS","ERR_MISSING_ARGS"]}"#,
    );
}

#[test]
fn encoding_works_whatever_was_done_to_the_globals() {
    let source = format!(
        "{POISON}
        function onTrack() {{
          const bytes = new TextEncoder().encode('\\u20acx'), decoder = new TextDecoder('utf8', {{ fatal: true }})
          const text = decoder.decode(bytes)
          let code
          try {{ new TextDecoder('nothing') }} catch (error) {{ code = error.code }}
          return {{ text, code, base64: btoa('ab') + atob('YWI=') }}
        }}"
    );
    delivers(
        &source,
        TRACK,
        r#"{"text":"€x","code":"ERR_ENCODING_NOT_SUPPORTED","base64":"YWI=ab"}"#,
    );
}

#[test]
fn what_is_too_long_for_a_string_is_an_error() {
    for source in [
        "function onTrack() { new TextDecoder('sjis').decode(new Uint8Array(90e6)) }",
        "function onTrack() { btoa('x'.repeat(2 ** 29 - 24)) }",
        "function onTrack() { atob('x'.repeat(2 ** 29 - 24)) }",
    ] {
        fails(source, TRACK, Code::BadRequest, "longer than 0x1fffffe8");
    }
}

#[test]
fn errors_are_shown_with_their_code() {
    let error = fails(
        "function onTrack() { new TextDecoder('utf-7') }",
        TRACK,
        Code::BadRequest,
        "The \"utf-7\" encoding is not supported",
    );
    assert_eq!(error.name, "RangeError");
    assert!(
        error
            .stack
            .starts_with("RangeError [ERR_ENCODING_NOT_SUPPORTED]: The \"utf-7\""),
        "{}",
        error.stack
    );
}
