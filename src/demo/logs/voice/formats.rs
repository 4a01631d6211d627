//! The forms in which the company's services write an event.

use jiff::civil::DateTime;
use serde_json::Value;

use super::happening::{Field, Happening, fill, pick};
use super::{Level, Speaker, Voice, put};
use crate::demo::random::Random;

/// Writes an event in the speaker's form.
pub fn write(
    speaker: &Speaker,
    face: &DateTime,
    happening: &Happening,
    random: &mut Random,
    out: &mut Vec<u8>,
) {
    match speaker.voice {
        Voice::GoJson => go_json(speaker, face, happening, random, out),
        Voice::Pino => pino(speaker, face, happening, random, out),
        Voice::Coloured => coloured(face, happening, out),
        Voice::Logback => logback(speaker, face, happening, random, out),
        Voice::Python | Voice::Job => python(speaker, face, happening, random, out),
        Voice::Uvicorn => uvicorn(speaker, face, happening, random, out),
        _ => logfmt(face, happening, out),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// `2026-11-23T10:04:11.204Z`.
pub fn rfc3339_milli(face: &DateTime, out: &mut Vec<u8>) {
    clock(face, 'T', '.', out);
    out.push(b'Z');
}

/// Date and time with milliseconds, with the given signs between date and time and before the
/// milliseconds.
pub fn clock(face: &DateTime, middle: char, point: char, out: &mut Vec<u8>) {
    put!(
        out,
        "{:04}-{:02}-{:02}{middle}{:02}:{:02}:{:02}{point}{:03}",
        face.year(),
        face.month(),
        face.day(),
        face.hour(),
        face.minute(),
        face.second(),
        face.subsec_nanosecond() / 1_000_000
    );
}

fn json_fields(happening: &Happening, out: &mut Vec<u8>) {
    for (key, value) in &happening.fields {
        match value {
            Field::Text(text) => put!(out, ",\"{key}\":{}", quoted(text)),
            Field::Number(number) => put!(out, ",\"{key}\":{number}"),
        }
    }
}

fn go_json(
    speaker: &Speaker,
    face: &DateTime,
    happening: &Happening,
    random: &mut Random,
    out: &mut Vec<u8>,
) {
    let level = match happening.level {
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warn => "WARN",
        Level::Error => "ERROR",
    };
    out.extend_from_slice(b"{\"time\":\"");
    rfc3339_milli(face, out);
    put!(
        out,
        "\",\"level\":\"{level}\",\"source\":\"{}/{}.go:{}\",\"msg\":{}",
        speaker.component,
        happening.part,
        20 + happening.message.len() * 3,
        quoted(&happening.message)
    );
    json_fields(happening, out);
    if happening.trace {
        put!(out, ",\"stack\":{}", quoted(&goroutine(speaker, random)));
    }
    out.push(b'}');
}

fn goroutine(speaker: &Speaker, random: &mut Random) -> String {
    let (component, line) = (&speaker.component, 20 + random.below(300));
    format!(
        "goroutine {} [running]:\nmain.(*Handler).Serve(0xc000{:06x})\n\t/src/cmd/{component}/handler.go:{line} +0x1d5\nnet/http.HandlerFunc.ServeHTTP(...)\n\t/usr/local/go/src/net/http/server.go:2294 +0x29",
        1 + random.below(9000),
        random.below(0xFF_FFFF)
    )
}

fn logfmt(face: &DateTime, happening: &Happening, out: &mut Vec<u8>) {
    let level = match happening.level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    out.extend_from_slice(b"ts=");
    rfc3339_milli(face, out);
    put!(
        out,
        " level={level} component={} msg={}",
        happening.part,
        quoted(&happening.message)
    );
    for (key, value) in &happening.fields {
        match value {
            Field::Number(number) => put!(out, " {key}={number}"),
            Field::Text(text) if text.contains([' ', '"', '=']) => {
                put!(out, " {key}={}", quoted(text));
            }
            Field::Text(text) => put!(out, " {key}={text}"),
        }
    }
}

fn pino(
    speaker: &Speaker,
    face: &DateTime,
    happening: &Happening,
    random: &mut Random,
    out: &mut Vec<u8>,
) {
    let level = match happening.level {
        Level::Debug => 20,
        Level::Info => 30,
        Level::Warn => 40,
        Level::Error => 50,
    };
    put!(out, "{{\"level\":{level},\"time\":\"");
    rfc3339_milli(face, out);
    put!(
        out,
        "\",\"pid\":1,\"hostname\":\"{}\",\"name\":\"{}\"",
        speaker.pod,
        happening.part
    );
    json_fields(happening, out);
    if happening.trace {
        let stack = format!(
            "Error: {}\n    at {} (/app/dist/{}.js:{}:{})\n    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)",
            happening.message,
            pick(&["handle", "render", "Object.fetch", "async load"], random),
            happening.part,
            10 + random.below(400),
            1 + random.below(60)
        );
        put!(out, ",\"err\":{{\"stack\":{}}}", quoted(&stack));
    }
    put!(out, ",\"msg\":{}}}", quoted(&happening.message));
}

/// Fields behind a message, as `key=value`.
fn trailing(happening: &Happening, out: &mut Vec<u8>) {
    for (key, value) in &happening.fields {
        match value {
            Field::Number(number) => put!(out, " {key}={number}"),
            Field::Text(text) => put!(out, " {key}={text}"),
        }
    }
}

fn coloured(face: &DateTime, happening: &Happening, out: &mut Vec<u8>) {
    let (colour, level) = match happening.level {
        Level::Debug => (34, "debug"),
        Level::Info => (32, "info"),
        Level::Warn => (33, "warn"),
        Level::Error => (31, "error"),
    };
    out.extend_from_slice(b"\x1b[90m");
    clock(face, ' ', '.', out);
    put!(
        out,
        "\x1b[39m \x1b[{colour}m{level}\x1b[39m [{}] \x1b[1m{}\x1b[22m\x1b[2m",
        happening.part,
        happening.message
    );
    trailing(happening, out);
    out.extend_from_slice(b"\x1b[0m");
}

fn logback(
    speaker: &Speaker,
    face: &DateTime,
    happening: &Happening,
    random: &mut Random,
    out: &mut Vec<u8>,
) {
    let level = match happening.level {
        Level::Debug => "DEBUG",
        Level::Info => " INFO",
        Level::Warn => " WARN",
        Level::Error => "ERROR",
    };
    clock(face, ' ', '.', out);
    put!(
        out,
        " {level} 1 --- [nio-8080-exec-{}] com.halyard.{}.{:<12} : {}",
        1 + random.below(12),
        speaker.project,
        happening.part,
        happening.message
    );
    trailing(happening, out);
    if happening.trace {
        java_trace(speaker, &happening.message, random, out);
    }
}

/// A Java exception with its cause, over many lines.
pub fn java_trace(speaker: &Speaker, message: &str, random: &mut Random, out: &mut Vec<u8>) {
    let kind = pick(
        &[
            "java.lang.IllegalStateException",
            "org.springframework.dao.QueryTimeoutException",
            "java.util.concurrent.TimeoutException",
        ],
        random,
    );
    put!(out, "\n{kind}: {message}");
    let project = &speaker.project;
    for at in 0..6 + random.below(8) {
        let (class, method) = (
            pick(&["Service", "Repository", "Controller", "Client"], random),
            pick(&["handle", "find", "invoke", "lambda$run$3"], random),
        );
        put!(
            out,
            "\n\tat com.halyard.{project}.{class}.{method}({class}.java:{})",
            20 + random.below(400) + at
        );
    }
    put!(
        out,
        "\nCaused by: java.net.SocketTimeoutException: Read timed out\n\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)\n\tat java.base/sun.nio.ch.NioSocketImpl.implRead(NioSocketImpl.java:314)\n\t... {} more",
        20 + random.below(60)
    );
}

fn python(
    speaker: &Speaker,
    face: &DateTime,
    happening: &Happening,
    random: &mut Random,
    out: &mut Vec<u8>,
) {
    let level = match happening.level {
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warn => "WARNING",
        Level::Error => "ERROR",
    };
    clock(face, ' ', ',', out);
    put!(
        out,
        " {level} service.{}: {}",
        happening.part,
        happening.message
    );
    trailing(happening, out);
    if happening.trace {
        traceback(speaker, &happening.message, random, out);
    }
}

/// A Python traceback, over several lines.
fn traceback(speaker: &Speaker, message: &str, random: &mut Random, out: &mut Vec<u8>) {
    put!(out, "\nTraceback (most recent call last):");
    for (module, call) in [
        ("__main__", "run(settings)"),
        ("worker", "self.handle(item)"),
    ] {
        put!(
            out,
            "\n  File \"/app/service/{module}.py\", line {}, in {}\n    {call}",
            10 + random.below(200),
            speaker.component
        );
    }
    put!(out, "\nservice.errors.ServiceError: {message}");
}

fn uvicorn(
    speaker: &Speaker,
    face: &DateTime,
    happening: &Happening,
    random: &mut Random,
    out: &mut Vec<u8>,
) {
    let field = |wanted: &str| {
        happening
            .fields
            .iter()
            .find(|(key, _)| *key == wanted)
            .map(|(_, value)| match value {
                Field::Text(text) => text.clone(),
                Field::Number(number) => number.to_string(),
            })
    };
    let (Some(method), Some(path), Some(status)) =
        (field("method"), field("path"), field("status"))
    else {
        return python(speaker, face, happening, random, out);
    };
    let (colour, phrase) = match status.as_str() {
        "200" => (32, "OK"),
        "201" => (32, "Created"),
        "204" => (32, "No Content"),
        "304" => (33, "Not Modified"),
        "400" => (31, "Bad Request"),
        "404" => (31, "Not Found"),
        "503" => (91, "Service Unavailable"),
        _ => (91, "Internal Server Error"),
    };
    put!(
        out,
        "\x1b[32mINFO\x1b[0m:     {}:{} - \"\x1b[1m{method} {path} HTTP/1.1\x1b[0m\" \x1b[{colour}m{status} {phrase}\x1b[0m",
        fill("{ip}", random),
        30_000 + random.below(30_000)
    );
    if happening.trace {
        put!(
            out,
            "\n\x1b[31mERROR\x1b[0m:    Exception in ASGI application"
        );
        traceback(speaker, &happening.message, random, out);
    }
}

/// A line of a job at work.
pub fn job(speaker: &Speaker, face: &DateTime, random: &mut Random, out: &mut Vec<u8>) {
    let template = if speaker.container == "migrate" {
        pick(
            &[
                "applied migration {k}: add column audit_{k}",
                "lock acquired after {ms} ms",
                "checked table items_{k}: {n} rows",
            ],
            random,
        )
    } else {
        pick(
            &[
                "read {n} records",
                "batch {n}: {k} of 40 done in {ms} ms",
                "wrote part-{id}.parquet",
                "batch {n}: {eur} EUR in {k} bookings",
            ],
            random,
        )
    };
    let happening = Happening::plain(Level::Info, "job", &fill(template, random));
    python(speaker, face, &happening, random, out);
}
