package socketeer

/** Where a socket is or goes: a value that can be compared, printed and parsed, and that never asks the network. */
public sealed interface Address

/** The address of a byte stream: [TcpAddress] or [UnixAddress]. */
public sealed interface StreamAddress : Address

/**
 * A TCP endpoint: a host name, an IPv4 or an IPv6 literal (with a scope id, `fe80::1%eth0`), and a port.
 *
 * A name stays a name until a [Network] resolves it. Prints as `host:port`, an IPv6 host in brackets.
 *
 * @property host not blank; brackets around an IPv6 literal are taken off.
 * @property port 0 to 65,535; 0 asks the system for a free one.
 * @throws IllegalArgumentException naming what is out of bounds.
 */
@ConsistentCopyVisibility
public data class TcpAddress private constructor(val host: String, val port: Int) : StreamAddress {
    override fun toString(): String = if (':' in host) "[$host]:$port" else "$host:$port"

    public companion object {
        /** Checks and normalises: takes the brackets off an IPv6 [host]. */
        public operator fun invoke(host: String, port: Int): TcpAddress {
            val bare = if (host.startsWith('[') && host.endsWith(']')) host.substring(1, host.length - 1) else host
            require(bare.isNotBlank()) { "a host must not be blank" }
            require(bare.none { it.isWhitespace() || it == '/' || it == '[' || it == ']' }) { "not a host: \"$host\"" }
            require(port in 0..MAX_PORT) { "a port is 0..$MAX_PORT, was $port" }
            return TcpAddress(bare, port)
        }

        /**
         * Reads `PORT`, `HOST:PORT` or `[IPV6]:PORT`; a bare port means [defaultHost].
         *
         * @throws IllegalArgumentException naming [text] and what is wrong with it.
         */
        public fun parse(text: String, defaultHost: String = LOOPBACK): TcpAddress {
            val colon = text.lastIndexOf(':')
            val host = if (colon < 0) defaultHost else text.substring(0, colon)
            val port = text.substring(colon + 1)
            require(host.isNotEmpty() && (':' !in host || (host.startsWith('[') && host.endsWith(']')))) {
                "not an address: \"$text\" (HOST:PORT, [IPV6]:PORT or PORT)"
            }
            require(port.isNotEmpty() && port.length <= MAX_PORT_DIGITS && port.all { it in '0'..'9' }) {
                "not a port: \"$port\" in \"$text\" (0..$MAX_PORT)"
            }
            return TcpAddress(host, port.toInt())
        }
    }
}

/**
 * A Unix-domain stream socket's [path] in the file system; an empty path is an unnamed socket (a client's own end).
 *
 * The longest path is the platform's, in bytes: 106 with the JDK on Linux.
 */
public data class UnixAddress(val path: String) : StreamAddress {
    override fun toString(): String = path.ifEmpty { "(unnamed)" }
}

/** A [TcpAddress]: `tcp("localhost", 9000)`, `tcp("::1", 9000)`. */
public fun tcp(host: String, port: Int): TcpAddress = TcpAddress(host, port)

/** A [TcpAddress] on the loopback interface: `tcp(9000)`. */
public fun tcp(port: Int): TcpAddress = TcpAddress(LOOPBACK, port)

/** A [TcpAddress] as a user writes it, `PORT`, `HOST:PORT` or `[IPV6]:PORT`: see [TcpAddress.parse]. */
public fun tcp(text: String): TcpAddress = TcpAddress.parse(text)

/** A [UnixAddress]: `unix("/tmp/echo.sock")`. */
public fun unix(path: String): UnixAddress = UnixAddress(path)

/** The host that everything listens on unless told otherwise. */
public const val LOOPBACK: String = "127.0.0.1"

internal const val MAX_PORT = 65_535
private const val MAX_PORT_DIGITS = 5
