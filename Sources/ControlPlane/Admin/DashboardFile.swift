// The dashboard: a page and what it loads, out of the program's own memory. It holds nothing of
// this process; it asks for that like any other client.

internal import CDashboard

/// Files of the page.
enum DashboardFile {
    /// The page's own files are all that it loads, runs or talks to, and no page may frame it.
    static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
        img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        """

    /// Answers by path: the page is `/`, what belongs to it is below `/dashboard/`.
    static let answers: [String: AdminResponse] = {
        var answers: [String: AdminResponse] = [:]
        for position in 0..<gyre_page_files() {
            let file = unsafe gyre_page_file(position)
            let name = unsafe String(cString: file.name)
            let bytes = unsafe Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
            var response = AdminResponse(200, content(of: name), body: bytes)
            response.fieldLines = [
                "Content-Security-Policy: \(policy)", "Referrer-Policy: no-referrer",
                "X-Frame-Options: DENY", "Cross-Origin-Resource-Policy: same-origin",
            ]
            answers[name == "dashboard.html" ? "/" : "/dashboard/" + name] = response
        }
        return answers
    }()

    private static func content(of name: String) -> AdminResponse.Content {
        switch name.split(separator: ".").last {
        case "html": .html
        case "css": .css
        default: .javascript
        }
    }
}
