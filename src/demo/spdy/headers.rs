//! Blocks of headers: names and values behind their lengths, in one zlib stream for the whole
//! connection that begins with SPDY/3's dictionary.

use std::sync::LazyLock;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::frame::Broken;

/// A block may grow to this: what a client of Kubernetes says has some hundred bytes.
const LARGEST: usize = 16 * 1024;

/// The words of the dictionary, each behind its length.
const WORDS: &str = "options,head,post,put,delete,trace,accept,accept-charset,accept-encoding,\
    accept-language,accept-ranges,age,allow,authorization,cache-control,connection,content-base,\
    content-encoding,content-language,content-length,content-location,content-md5,content-range,\
    content-type,date,etag,expect,expires,from,host,if-match,if-modified-since,if-none-match,\
    if-range,if-unmodified-since,last-modified,location,max-forwards,pragma,proxy-authenticate,\
    proxy-authorization,range,referer,retry-after,server,te,trailer,transfer-encoding,upgrade,\
    user-agent,vary,via,warning,www-authenticate,method,get,status,200 OK,version,HTTP/1.1,url,\
    public,set-cookie,keep-alive,origin";
/// And its end, which has no lengths.
const TAIL: &str = "100101201202205206300302303304305306307402405406407408409410411412413414415416\
    417502504505203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request\
    401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented\
    503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, \
    Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,\
    application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdch\
    charset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

static DICTIONARY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut dictionary = Vec::new();
    for word in WORDS.split(',') {
        put(&mut dictionary, word);
    }
    dictionary.extend_from_slice(TAIL.as_bytes());
    dictionary
});

/// Headers of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value of a header; names are in small letters on the wire.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Headers {
    fn from(pairs: [(&str, &str); N]) -> Self {
        let owned = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(owned.into())
    }
}

/// Reads the peer's blocks, in their order.
#[derive(Debug)]
pub struct Reader(Decompress);

impl Default for Reader {
    fn default() -> Self {
        Self(Decompress::new(true))
    }
}

impl Reader {
    /// Reads a block.
    ///
    /// # Errors
    /// [`Broken::Headers`].
    pub fn read(&mut self, block: &[u8]) -> Result<Headers, Broken> {
        let plain = self.inflate(block)?;
        let mut rest = plain.as_slice();
        let count = take_number(&mut rest).ok_or(Broken::Headers)?;
        let mut headers = Vec::new();
        for _ in 0..count {
            let name = take_text(&mut rest).ok_or(Broken::Headers)?;
            let value = take_text(&mut rest).ok_or(Broken::Headers)?;
            headers.push((name, value));
        }
        Ok(Headers(headers))
    }

    fn inflate(&mut self, mut block: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut plain = Vec::new();
        let mut room = [0; 4096];
        loop {
            let (read, written) = (self.0.total_in(), self.0.total_out());
            let result = self.0.decompress(block, &mut room, FlushDecompress::Sync);
            let read = usize::try_from(self.0.total_in() - read).unwrap_or(block.len());
            let written = usize::try_from(self.0.total_out() - written).unwrap_or(0);
            block = block.get(read..).unwrap_or_default();
            plain.extend_from_slice(&room[..written]);
            match result {
                Err(error) if error.needs_dictionary().is_some() => {
                    let known = self.0.set_dictionary(&DICTIONARY);
                    known.map_err(|_| Broken::Headers)?;
                }
                Err(_) | Ok(Status::StreamEnd) => return Err(Broken::Headers),
                Ok(_) if plain.len() > LARGEST => return Err(Broken::Headers),
                // The last output was not full: all that the block holds is out.
                Ok(_) if block.is_empty() && written < room.len() => return Ok(plain),
                Ok(_) if read == 0 && written == 0 => return Err(Broken::Headers),
                Ok(_) => {}
            }
        }
    }
}

fn take_number(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_be_bytes(*number))
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(take_number(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(std::str::from_utf8(text).ok()?.to_owned())
}

/// Writes this side's blocks, in their order.
#[derive(Debug)]
pub struct Writer {
    zlib: Compress,
    begun: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            zlib: Compress::new(Compression::fast(), true),
            begun: false,
        }
    }
}

impl Writer {
    /// Writes a block.
    pub fn write(&mut self, headers: &Headers) -> Vec<u8> {
        let mut plain = Vec::new();
        put_number(&mut plain, headers.0.len());
        for (name, value) in &headers.0 {
            put(&mut plain, name);
            put(&mut plain, value);
        }
        if !self.begun {
            self.begun = true;
            if let Err(error) = self.zlib.set_dictionary(&DICTIONARY) {
                tracing::warn!(%error, "demo: no SPDY dictionary");
            }
        }
        // Deflate adds little where it cannot shorten; a flush needs a few bytes more.
        let mut block = Vec::with_capacity(plain.len() + 256);
        let done = self
            .zlib
            .compress_vec(&plain, &mut block, FlushCompress::Sync);
        if let Err(error) = done {
            tracing::warn!(%error, "demo: a SPDY header block cannot be written");
        }
        block
    }
}

fn put(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_number(out: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    out.extend_from_slice(&number.to_be_bytes());
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_is_the_one_of_the_protocol() {
        assert_eq!(DICTIONARY.len(), 1423);
        // Its Adler-32, as zlib names it on the wire.
        let id = Decompress::new(true);
        let mut reader = Reader(id);
        let block = Writer::default().write(&Headers::default());
        assert_eq!(&block[2..6], &0xE3C6_A7C2_u32.to_be_bytes());
        assert_eq!(reader.read(&block), Ok(Headers::default()));
    }

    #[test]
    fn blocks_are_read_in_their_order() {
        let (mut writer, mut reader) = (Writer::default(), Reader::default());
        let long = "x".repeat(9000);
        for headers in [
            Headers::from([("streamtype", "error"), ("port", "8080")]),
            Headers::from([("streamtype", "data"), ("port", "8080")]),
            Headers::default(),
            Headers::from([("long", long.as_str())]),
        ] {
            let block = writer.write(&headers);
            let read = reader.read(&block).unwrap();
            assert_eq!(read, headers);
        }
        assert_eq!(Headers::from([("port", "1")]).get("port"), Some("1"));
    }

    #[test]
    fn what_is_damaged_or_too_large_is_not_read() {
        let whole = Writer::default().write(&Headers::from([("port", "8080")]));
        for end in 0..whole.len() - 5 {
            assert_eq!(
                Reader::default().read(&whole[..end]),
                Err(Broken::Headers),
                "{end}"
            );
        }
        let large = "x".repeat(2 * LARGEST);
        let large = Writer::default().write(&Headers::from([("port", large.as_str())]));
        assert_eq!(Reader::default().read(&large), Err(Broken::Headers));
        let mut lying = Writer {
            begun: true,
            ..Writer::default()
        };
        let mut block = Vec::with_capacity(256);
        let plain = [0, 0, 0, 2, 0, 0, 0, 1, b'a', 0xFF, 0xFF, 0xFF, 0xFF];
        lying
            .zlib
            .compress_vec(&plain, &mut block, FlushCompress::Sync)
            .unwrap();
        assert_eq!(Reader::default().read(&block), Err(Broken::Headers));
    }
}
