// Request heads that are good, and what they say, as `describe` writes it.

/// Request heads to be accepted.
enum AcceptedRequests {
    static let targets: [(String, String)] = [
        (head("GET / HTTP/1.1", "Host: a"), "get / @a 1.1 keep 27; Host[a]"),
        (
            head("GET / HTTP/1.1", "Host: 127.0.0.1:8080"),
            "get / @127.0.0.1:8080 1.1 keep 40; Host[127.0.0.1:8080]"
        ),
        ("\r\n" + head("GET / HTTP/1.1", "Host: a"), "get / @a 1.1 keep 29; Host[a]"),
        (
            head("GET / HTTP/1.1", "Host: a") + "GET /next HTTP/1.1\r\n",
            "get / @a 1.1 keep 27; Host[a]"
        ),
        (head("GET / HTTP/1.0"), "get / @ 1.0 close 18;"),
        (head("HEAD /index.html HTTP/1.1", "Host: a"), "head /index.html @a 1.1 keep 38; Host[a]"),
        (
            head("GET /a/b;c=d/%7Ee?f=g&h=%20i HTTP/1.1", "Host: a"),
            "get /a/b;c=d/%7Ee?f=g&h=%20i @a 1.1 keep 50; Host[a]"
        ),
        (
            head("GET /-._~!$&'()*+,;=:@ HTTP/1.1", "Host: a"),
            "get /-._~!$&'()*+,;=:@ @a 1.1 keep 44; Host[a]"
        ),
        (
            head("GET /a[1]{b}|c^d`e HTTP/1.1", "Host: a"),
            "get /a[1]{b}|c^d`e @a 1.1 keep 40; Host[a]"
        ),
        (
            head("GET /?a[]=\\&b=100%&c=%zz?/ HTTP/1.1", "Host: a"),
            "get /?a[]=\\&b=100%&c=%zz?/ @a 1.1 keep 48; Host[a]"
        ),
        (head("GET //b/../c HTTP/1.1", "Host: a"), "get //b/../c @a 1.1 keep 34; Host[a]"),
        (head("GET /%00%ff HTTP/1.1", "Host: a"), "get /%00%ff @a 1.1 keep 33; Host[a]"),
        (head("GET /? HTTP/1.1", "Host: a"), "get /? @a 1.1 keep 28; Host[a]"),
        (
            head("GET http://a HTTP/1.1", "Host: a"),
            "get http://a absolute() @a 1.1 keep 34; Host[a]"
        ),
        (
            head("GET http://a/ HTTP/1.1", "Host: A"),
            "get http://a/ absolute(/) @a 1.1 keep 35; Host[A]"
        ),
        (
            head("GET HTTP://B.example:81/x?y HTTP/1.1", "Host: b.EXAMPLE:81"),
            "get HTTP://B.example:81/x?y absolute(/x?y) @B.example:81 1.1 keep 60; "
                + "Host[b.EXAMPLE:81]"
        ),
        (
            head("GET https://a?q HTTP/1.1", "Host: a"),
            "get https://a?q absolute(?q) @a 1.1 keep 37; Host[a]"
        ),
        (
            head("GET http://a:/ HTTP/1.1", "Host: a:"),
            "get http://a:/ absolute(/) @a: 1.1 keep 37; Host[a:]"
        ),
        (
            head("GET http://[::1]:80/ HTTP/1.1", "Host: [::1]:80"),
            "get http://[::1]:80/ absolute(/) @[::1]:80 1.1 keep 49; Host[[::1]:80]"
        ),
        (
            head("GET http://a/http://b/ HTTP/1.1", "Host: a"),
            "get http://a/http://b/ absolute(/http://b/) @a 1.1 keep 44; Host[a]"
        ),
        (head("GET http://a/ HTTP/1.0"), "get http://a/ absolute(/) @a 1.0 close 26;"),
        (head("OPTIONS * HTTP/1.1", "Host: a"), "options * asterisk() @a 1.1 keep 31; Host[a]"),
        (
            head("OPTIONS http://a HTTP/1.1", "Host: a"),
            "options http://a absolute() @a 1.1 keep 38; Host[a]"
        ),
        (head("OPTIONS /* HTTP/1.1", "Host: a"), "options /* @a 1.1 keep 32; Host[a]"),
        (
            head("CONNECT b.example:443 HTTP/1.1", "Host: b.example:443"),
            "connect b.example:443 authority() @b.example:443 1.1 keep 55; Host[b.example:443]"
        ),
        (
            head("CONNECT b.example:443 HTTP/1.1", "Host: c", "Content-Length: 0"),
            "connect b.example:443 authority() @b.example:443 1.1 keep 62; Host[c] "
                + "Content-Length[0]"
        ),
        (
            head("CONNECT [2001:db8::1]:1 HTTP/1.0"),
            "connect [2001:db8::1]:1 authority() @[2001:db8::1]:1 1.0 close 36;"
        ),
    ]

    static let methods: [(String, String)] = [
        (head("POST / HTTP/1.1", "Host: a"), "post / @a 1.1 keep 28; Host[a]"),
        (head("PUT / HTTP/1.1", "Host: a"), "put / @a 1.1 keep 27; Host[a]"),
        (head("DELETE / HTTP/1.1", "Host: a"), "delete / @a 1.1 keep 30; Host[a]"),
        (head("TRACE / HTTP/1.1", "Host: a"), "trace / @a 1.1 keep 29; Host[a]"),
        (head("PATCH / HTTP/1.1", "Host: a"), "patch / @a 1.1 keep 29; Host[a]"),
        (head("get / HTTP/1.1", "Host: a"), "other(get) / @a 1.1 keep 27; Host[a]"),
        (head("GETS / HTTP/1.1", "Host: a"), "other(GETS) / @a 1.1 keep 28; Host[a]"),
        (head("G / HTTP/1.1", "Host: a"), "other(G) / @a 1.1 keep 25; Host[a]"),
        (head("M-SEARCH / HTTP/1.1", "Host: a"), "other(M-SEARCH) / @a 1.1 keep 32; Host[a]"),
        (
            head("!#$%&'*+-.^_`|~09az / HTTP/1.1", "Host: a"),
            "other(!#$%&'*+-.^_`|~09az) / @a 1.1 keep 43; Host[a]"
        ),
        (head("PRI / HTTP/1.1", "Host: a"), "other(PRI) / @a 1.1 keep 27; Host[a]"),
        (
            head(String(repeating: "M", count: 32) + " / HTTP/1.1", "Host: a"),
            "other(MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM) / @a 1.1 keep 56; Host[a]"
        ),
    ]

    static let hosts: [(String, String)] = [
        (head("GET / HTTP/1.1", "Host: a:80 "), "get / @a:80 1.1 keep 31; ~Host[a:80]"),
        (head("GET / HTTP/1.1", "Host:"), "get / @ 1.1 keep 25; ~Host[]"),
        (head("GET / HTTP/1.1", "Host: "), "get / @ 1.1 keep 26; Host[]"),
        (head("GET / HTTP/1.0", "Host: a"), "get / @a 1.0 close 27; Host[a]"),
        (
            head("GET / HTTP/1.1", "host:a.b-c_d.e."),
            "get / @a.b-c_d.e. 1.1 keep 35; ~host[a.b-c_d.e.]"
        ),
        (head("GET / HTTP/1.1", "HOST: a:65535"), "get / @a:65535 1.1 keep 33; HOST[a:65535]"),
        (head("GET / HTTP/1.1", "Host: a:0"), "get / @a:0 1.1 keep 29; Host[a:0]"),
        (head("GET / HTTP/1.1", "Host: a:00080"), "get / @a:00080 1.1 keep 33; Host[a:00080]"),
        (
            head("GET / HTTP/1.1", "Host: [::ffff:192.0.2.1]:8080"),
            "get / @[::ffff:192.0.2.1]:8080 1.1 keep 49; Host[[::ffff:192.0.2.1]:8080]"
        ),
        (
            head("GET / HTTP/1.1", "Host: [1:2:3:4:5:6:7:8]"),
            "get / @[1:2:3:4:5:6:7:8] 1.1 keep 43; Host[[1:2:3:4:5:6:7:8]]"
        ),
        (
            head("GET / HTTP/1.1", "Host: %41.example"),
            "get / @%41.example 1.1 keep 37; Host[%41.example]"
        ),
        (
            head("GET / HTTP/1.1", "Host: !$&'()*+,;=~"),
            "get / @!$&'()*+,;=~ 1.1 keep 38; Host[!$&'()*+,;=~]"
        ),
        (
            head("GET / HTTP/1.1", "Hostage: b", "Host: a"),
            "get / @a 1.1 keep 39; Hostage[b] Host[a]"
        ),
    ]

    static let fields: [(String, String)] = [
        (head("GET / HTTP/1.1", "Host:\t a \t"), "get / @a 1.1 keep 30; ~Host[a]"),
        (
            head("GET / HTTP/1.1", "Host: a", "X:", "Y: ", "Z:  "),
            "get / @a 1.1 keep 42; Host[a] ~X[] Y[] ~Z[]"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "X: a\tb  c", "Y: \"q, r\"; s=(t)"),
            "get / @a 1.1 keep 56; Host[a] X[a\tb  c] Y[\"q, r\"; s=(t)]"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "X: \u{80}\u{E4}\u{FF}"),
            "get / @a 1.1 keep 35; Host[a] X[\u{80}\u{E4}\u{FF}]"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "!#$%&'*+-.^_`|~09Az: x"),
            "get / @a 1.1 keep 51; Host[a] !#$%&'*+-.^_`|~09Az[x]"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "X: 1", "x: 2", "X_Y: 3"),
            "get / @a 1.1 keep 47; Host[a] X[1] x[2] X_Y[3]"
        ),
        (head("GET / HTTP/1.1", "Host: a", "X:\ty"), "get / @a 1.1 keep 33; Host[a] ~X[y]"),
        (head("GET / HTTP/1.1", "Host: a", "X: :"), "get / @a 1.1 keep 33; Host[a] X[:]"),
        (
            head("GET / HTTP/1.1", "Host: a", "X: abcdefg", "Y: abcdefgh", "Z: abcdefghi"),
            "get / @a 1.1 keep 66; Host[a] X[abcdefg] Y[abcdefgh] Z[abcdefghi]"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Content_Length: 5", "Transfer_Encoding: x"),
            "get / @a 1.1 keep 68; Host[a] Content_Length[5] Transfer_Encoding[x]"
        ),
        (
            head(
                "GET / HTTP/1.1", "Host: a", "Via: 1.1 b", "Forwarded: for=c", "X-Forwarded-For: d",
                "X-Forwarded-Proto: e", "X-Forwarded-Host: f"),
            "get / @a 1.1 keep 120; Host[a] Via[1.1 b] Forwarded[for=c] X-Forwarded-For[d] "
                + "X-Forwarded-Proto[e] X-Forwarded-Host[f]"
        ),
    ]

    static let bodies: [(String, String)] = [
        (
            head("POST / HTTP/1.1", "Host: a", "Content-Length: 5") + "hello",
            "post / @a 1.1 keep 47 length(5); Host[a] Content-Length[5]"
        ),
        (
            head("POST / HTTP/1.1", "Host: a", "content-length:0"),
            "post / @a 1.1 keep 46; Host[a] ~content-length[0]"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Content-Length: 1"),
            "get / @a 1.1 keep 46 length(1); Host[a] Content-Length[1]"
        ),
        (
            head("POST / HTTP/1.0", "Content-Length: 5"),
            "post / @ 1.0 close 38 length(5); Content-Length[5]"
        ),
        (
            head("POST / HTTP/1.1", "Host: a", "Content-Length: 0005"),
            "post / @a 1.1 keep 50 length(5); Host[a] Content-Length[0005]"
        ),
        (
            head("PUT / HTTP/1.1", "Host: a", "Content-Length: 9223372036854775807"),
            "put / @a 1.1 keep 64 length(9223372036854775807); Host[a] "
                + "Content-Length[9223372036854775807]"
        ),
        (
            head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"),
            "post / @a 1.1 keep 56 chunked; Host[a] (Transfer-Encoding[chunked])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "TRANSFER-ENCODING:\tChunked "),
            "get / @a 1.1 keep 56 chunked; Host[a] (~TRANSFER-ENCODING[Chunked])"
        ),
        (
            head("POST / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 5"),
            "post / @a 1.1 keep 69 length(5) continue; Host[a] Expect[100-continue] "
                + "Content-Length[5]"
        ),
        (
            head("POST / HTTP/1.1", "Host: a", "expect:100-Continue", "Content-Length: 5"),
            "post / @a 1.1 keep 68 length(5) continue; Host[a] ~expect[100-Continue] "
                + "Content-Length[5]"
        ),
        (
            head("POST / HTTP/1.0", "Expect: 100-continue", "Content-Length: 5"),
            "post / @ 1.0 close 60 length(5); (Expect[100-continue]) Content-Length[5]"
        ),
        (
            head("TRACE / HTTP/1.1", "Host: a", "Content-Length: 0"),
            "trace / @a 1.1 keep 48; Host[a] Content-Length[0]"
        ),
    ]

    static let connections: [(String, String)] = [
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: close"),
            "get / @a 1.1 close 46; Host[a] (Connection[close])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: CLOSE, keep-alive"),
            "get / @a 1.1 close 58; Host[a] (Connection[CLOSE, keep-alive])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: keep-alive", "Keep-Alive: x"),
            "get / @a 1.1 keep 66; Host[a] (Connection[keep-alive]) (Keep-Alive[x])"
        ),
        (
            head("GET / HTTP/1.0", "Connection: Keep-Alive"),
            "get / @ 1.0 keep 42; (Connection[Keep-Alive])"
        ),
        (
            head("GET / HTTP/1.0", "Connection: Keep-Alive", "Connection: close"),
            "get / @ 1.0 close 61; (Connection[Keep-Alive]) (Connection[close])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection:"),
            "get / @a 1.1 keep 40; Host[a] (~Connection[])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: ,, \t,close,"),
            "get / @a 1.1 close 52; Host[a] (Connection[,, \t,close,])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Proxy-Connection: close"),
            "get / @a 1.1 keep 52; Host[a] (Proxy-Connection[close])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: X-b", "x-B: 1", "X-b: 2", "X-c: 3"),
            "get / @a 1.1 keep 68; Host[a] (Connection[X-b]) (x-B[1]) (X-b[2]) X-c[3]"
        ),
        (
            head("GET / HTTP/1.1", "X-b: 1", "Host: a", "Connection: close, X-d ,X-b"),
            "get / @a 1.1 close 64; (X-b[1]) Host[a] (Connection[close, X-d ,X-b])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: via, cookie", "Via: 1", "Cookie: c"),
            "get / @a 1.1 keep 71; Host[a] (Connection[via, cookie]) (Via[1]) (Cookie[c])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: closed, keep-aliv, tee"),
            "get / @a 1.1 keep 63; Host[a] (Connection[closed, keep-aliv, tee])"
        ),
        (
            head(
                "GET / HTTP/1.1", "Host: a", "Proxy-Authorization: b", "Proxy-Authenticate: c",
                "Proxy-Authentication-Info: d", "HTTP2-Settings: e", "Trailer: f"),
            "get / @a 1.1 keep 135; Host[a] (Proxy-Authorization[b]) "
                + "(Proxy-Authenticate[c]) (Proxy-Authentication-Info[d]) (HTTP2-Settings[e]) "
                + "Trailer[f]"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "TE: trailers", "Connection: TE"),
            "get / @a 1.1 keep 57 trailers; Host[a] (TE[trailers]) (Connection[TE])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "TE: deflate;q=0.5 , Trailers"),
            "get / @a 1.1 keep 57 trailers; Host[a] (TE[deflate;q=0.5 , Trailers])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "TE: gzip", "TE: trailers"),
            "get / @a 1.1 keep 51 trailers; Host[a] (TE[gzip]) (TE[trailers])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "TE: xtrailers"),
            "get / @a 1.1 keep 42; Host[a] (TE[xtrailers])"
        ),
    ]

    static let upgrades: [(String, String)] = [
        (
            head("GET / HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: Upgrade"),
            "get / @a 1.1 keep 68 upgrade(websocket); Host[a] (Upgrade[websocket]) "
                + "(Connection[Upgrade])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: x, upgrade", "Upgrade: b/1, c"),
            "get / @a 1.1 keep 68 upgrade(b/1, c); Host[a] (Connection[x, upgrade]) "
                + "(Upgrade[b/1, c])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Upgrade: websocket"),
            "get / @a 1.1 keep 47; Host[a] (Upgrade[websocket])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: upgrade"),
            "get / @a 1.1 keep 48; Host[a] (Connection[upgrade])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: upgrade", "Upgrade:"),
            "get / @a 1.1 keep 58; Host[a] (Connection[upgrade]) (~Upgrade[])"
        ),
        (
            head("GET / HTTP/1.0", "Upgrade: websocket", "Connection: upgrade"),
            "get / @ 1.0 close 59; (Upgrade[websocket]) (Connection[upgrade])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: upgrade", "Upgrade: b", "Upgrade: c"),
            "get / @a 1.1 keep 72; Host[a] (Connection[upgrade]) (Upgrade[b]) (Upgrade[c])"
        ),
        (
            head(
                "GET / HTTP/1.1", "Host: a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: H2C",
                "HTTP2-Settings: AAMAAABkAAQAAP__"),
            "get / @a 1.1 keep 112 upgrade(H2C) h2c; Host[a] (Connection[Upgrade, "
                + "HTTP2-Settings]) (Upgrade[H2C]) (HTTP2-Settings[AAMAAABkAAQAAP__])"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Connection: upgrade", "Upgrade: b ,h2c"),
            "get / @a 1.1 keep 65 upgrade(b ,h2c) h2c; Host[a] (Connection[upgrade]) "
                + "(Upgrade[b ,h2c])"
        ),
    ]

    static let forwards: [(String, String)] = [
        (
            head("OPTIONS * HTTP/1.1", "Host: a", "Max-Forwards: 0"),
            "options * asterisk() @a 1.1 keep 48 forwards(0); Host[a] Max-Forwards[0]"
        ),
        (
            head("TRACE / HTTP/1.1", "Host: a", "max-forwards:10"),
            "trace / @a 1.1 keep 46 forwards(10); Host[a] ~max-forwards[10]"
        ),
        (
            head("TRACE / HTTP/1.1", "Host: a", "Max-Forwards: 4294967295"),
            "trace / @a 1.1 keep 55 forwards(4294967295); Host[a] Max-Forwards[4294967295]"
        ),
        (
            head("TRACE / HTTP/1.1", "Host: a", "Max-Forwards: 99999999999999999999999"),
            "trace / @a 1.1 keep 68 forwards(4294967295); Host[a] "
                + "Max-Forwards[99999999999999999999999]"
        ),
        (
            head("GET / HTTP/1.1", "Host: a", "Max-Forwards: x", "Max-Forwards: y"),
            "get / @a 1.1 keep 61; Host[a] Max-Forwards[x] Max-Forwards[y]"
        ),
    ]

    static let all = targets + methods + hosts + fields + bodies + connections + upgrades + forwards
}
