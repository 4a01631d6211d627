//! Servers that misbehave on purpose: a Docker Engine on a socket, a registry or a git host on
//! loopback. Each connection carries one request, so that a server can end in the midst of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was asked.
pub struct Request {
    pub method: String,
    pub path: String,
    chunked: bool,
    length: u64,
}

/// Where the rest of the request comes from, and where the answer goes.
pub struct Wire<'w> {
    stream: BufReader<Box<dyn Both + 'w>>,
}

/// A stream in both directions.
pub trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

impl Wire<'_> {
    /// Reads the body of a request and hands over each piece; how many bytes it had.
    pub fn body(&mut self, request: &Request, mut piece: impl FnMut(u64)) -> u64 {
        let mut sum = 0;
        loop {
            let next = if request.chunked {
                let mut line = String::new();
                if self.stream.read_line(&mut line).unwrap_or(0) == 0 {
                    return sum;
                }
                u64::from_str_radix(line.trim(), 16).unwrap_or(0)
            } else {
                request.length - sum
            };
            if next == 0 {
                return sum;
            }
            let mut part = (&mut self.stream).take(next);
            let read = std::io::copy(&mut part, &mut std::io::sink()).unwrap_or(0);
            sum += read;
            piece(sum);
            if read < next {
                return sum;
            }
            if request.chunked {
                let mut end = [0; 2];
                let _ = self.stream.read_exact(&mut end);
            }
        }
    }

    /// Answers, whole.
    pub fn answer(&mut self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        self.raw(&format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ));
    }

    /// Begins an answer in lines of JSON.
    pub fn lines(&mut self) {
        // A client must not keep a connection that ends with this answer for its next question.
        let head =
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close";
        self.raw(&format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n"));
    }

    /// One of the lines.
    pub fn line(&mut self, line: &str) {
        self.raw(&format!("{:x}\r\n{line}\n\r\n", line.len() + 1));
    }

    /// Some bytes of an answer that was begun with [`Wire::lines`]. False when nobody reads any more.
    pub fn piece(&mut self, bytes: &[u8]) -> bool {
        let stream = self.stream.get_mut();
        let head = format!("{:x}\r\n", bytes.len());
        let parts = [head.as_bytes(), bytes, b"\r\n"];
        let written = parts.iter().try_for_each(|part| stream.write_all(part));
        written.and_then(|()| stream.flush()).is_ok()
    }

    /// The lines have come to their end.
    pub fn end(&mut self) {
        self.raw("0\r\n\r\n");
    }

    /// A client that went away does not matter.
    fn raw(&mut self, text: &str) {
        let stream = self.stream.get_mut();
        let _ = stream.write_all(text.as_bytes());
        let _ = stream.flush();
    }
}

type Handler = dyn Fn(&Request, &mut Wire<'_>) + Send + Sync;

fn serve(stream: Box<dyn Both + '_>, handler: &Handler) {
    let mut wire = Wire {
        stream: BufReader::with_capacity(1 << 16, stream),
    };
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        match wire.stream.read_line(&mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if line.trim().is_empty() => break,
            Ok(_) => head.push(line.trim().to_owned()),
        }
    }
    let header = |name: &str| {
        head.iter().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let mut first = head[0].split_whitespace();
    let request = Request {
        method: first.next().unwrap_or_default().to_owned(),
        path: first.next().unwrap_or_default().to_owned(),
        chunked: header("transfer-encoding").is_some(),
        length: header("content-length").map_or(0, |it| it.parse().unwrap()),
    };
    handler(&request, &mut wire);
}

/// Serves on loopback; the port.
pub fn on_loopback(handler: impl Fn(&Request, &mut Wire<'_>) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let handler: Arc<Handler> = Arc::new(handler);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handler = Arc::clone(&handler);
            std::thread::spawn(move || serve(Box::new(stream), &*handler));
        }
    });
    port
}

/// Serves on loopback behind TLS; the port.
pub fn behind_tls(
    settings: rustls::ServerConfig,
    handler: impl Fn(&Request, &mut Wire<'_>) + Send + Sync + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let settings = Arc::new(settings);
    let handler: Arc<Handler> = Arc::new(handler);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let session = rustls::ServerConnection::new(Arc::clone(&settings)).unwrap();
            let mut stream = rustls::StreamOwned::new(session, stream);
            let handler = Arc::clone(&handler);
            std::thread::spawn(move || {
                serve(Box::new(&mut stream), &*handler);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            });
        }
    });
    port
}

/// What an engine says of itself: one without `BuildKit`.
pub fn version(wire: &mut Wire<'_>) {
    let version = "{\"Version\":\"28.0.0\",\"ApiVersion\":\"1.47\",\"MinAPIVersion\":\"1.24\",\"Os\":\"linux\",\"Arch\":\"amd64\",\"Components\":[{\"Name\":\"Podman Engine\",\"Version\":\"5.0.0\"}]}";
    wire.answer("200 OK", "Content-Type: application/json\r\n", version);
}

/// An engine on a socket below `folder` that says what it is, and leaves the rest to `handler`;
/// its address.
pub fn engine(
    folder: &Path,
    handler: impl Fn(&Request, &mut Wire<'_>) + Send + Sync + 'static,
) -> String {
    let socket: PathBuf = folder.join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let handler: Arc<Handler> = Arc::new(move |request: &Request, wire: &mut Wire<'_>| {
        if request.path.ends_with("/version") {
            version(wire);
        } else {
            handler(request, wire);
        }
    });
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handler = Arc::clone(&handler);
            std::thread::spawn(move || serve(Box::new(stream), &*handler));
        }
    });
    format!("unix://{}", socket.display())
}
