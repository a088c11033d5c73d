package socketeer

import java.net.IDN
import java.net.InetSocketAddress

/** Where a socket is or goes: a value that can be compared, printed and parsed, and that never asks the network. */
public sealed interface Address

/** The address of a byte stream: [TcpAddress] or [UnixAddress]. */
public sealed interface StreamAddress : Address

/** The address of datagrams: [UdpAddress] or [UnixDatagramAddress]. */
public sealed interface DatagramAddress : Address

/** An address with a host and a port: [TcpAddress] or [UdpAddress]. */
public sealed interface HostAddress : Address {
    /** A name in lower case, or a literal in its canonical form, without brackets. */
    public val host: String

    /** 0 to 65,535. */
    public val port: Int
}

/**
 * A TCP endpoint: a host name, an IPv4 or an IPv6 literal (with a scope id, `fe80::1%eth0`), and a port.
 *
 * A name stays a name until a [Network] resolves it. Prints as `host:port`, an IPv6 host in brackets.
 *
 * @property host a name of at most 253 characters (RFC 1123), in lower case, or a literal in its canonical form.
 * @property port 0 to 65,535; 0 asks the system for a free one.
 */
@ConsistentCopyVisibility
public data class TcpAddress private constructor(override val host: String, override val port: Int) :
    StreamAddress,
    HostAddress {
    override fun toString(): String = hostAndPort(host, port)

    public companion object {
        /** Checks and normalises [host] and [port]. @throws IllegalArgumentException naming what is wrong. */
        public operator fun invoke(host: String, port: Int): TcpAddress =
            TcpAddress(canonicalHost(host), checkedPort(port))

        /**
         * Reads `PORT`, `HOST:PORT` or `[IPV6]:PORT`; a bare port means [defaultHost].
         *
         * @throws IllegalArgumentException naming [text] and what is wrong with it.
         */
        public fun parse(text: String, defaultHost: String = LOOPBACK): TcpAddress =
            parseHostAndPort(text, defaultHost) { host, port -> invoke(host, port) }

        /** From a source that needs no check: the system. */
        internal fun trusted(host: String, port: Int) = TcpAddress(host, port)
    }
}

/** A UDP endpoint, in all else like a [TcpAddress]. */
@ConsistentCopyVisibility
public data class UdpAddress private constructor(override val host: String, override val port: Int) :
    DatagramAddress,
    HostAddress {
    /** What the system calls it, where that is known: so that an answer isn't looked up again. */
    internal var system: InetSocketAddress? = null

    override fun toString(): String = hostAndPort(host, port)

    public companion object {
        /** Checks and normalises [host] and [port]. @throws IllegalArgumentException naming what is wrong. */
        public operator fun invoke(host: String, port: Int): UdpAddress =
            UdpAddress(canonicalHost(host), checkedPort(port))

        /** As [TcpAddress.parse]. */
        public fun parse(text: String, defaultHost: String = LOOPBACK): UdpAddress =
            parseHostAndPort(text, defaultHost) { host, port -> invoke(host, port) }

        /** From a source that needs no check: the system. */
        internal fun trusted(host: String, system: InetSocketAddress) =
            UdpAddress(host, system.port).also { it.system = system }
    }
}

/**
 * A Unix-domain stream socket's [path] in the file system; an empty path is an unnamed socket (a client's own end).
 *
 * @property path at most [MAX_UNIX_PATH] bytes, with no NUL in it.
 */
public data class UnixAddress(val path: String) : StreamAddress {
    init {
        checkUnixPath(path)
    }

    override fun toString(): String = printedPath(path)
}

/**
 * A Unix-domain datagram socket's [path]; empty if unnamed, and with a NUL first a name in Linux's abstract namespace
 * (unix(7)), printed with `@`.
 *
 * @property path at most [MAX_UNIX_PATH] bytes, with no NUL but the first.
 */
public data class UnixDatagramAddress(val path: String) : DatagramAddress {
    init {
        checkUnixPath(path.removePrefix("\u0000"), path.length)
    }

    /** Whether this is a name in the abstract namespace: there is no file. */
    public val isAbstract: Boolean get() = path.startsWith('\u0000')

    override fun toString(): String = printedPath(path)
}

/** A [TcpAddress]: `tcp("localhost", 9000)`, `tcp("::1", 9000)`. */
public fun tcp(host: String, port: Int): TcpAddress = TcpAddress(host, port)

/** A [TcpAddress] on the loopback interface: `tcp(9000)`. */
public fun tcp(port: Int): TcpAddress = TcpAddress(LOOPBACK, port)

/** A [TcpAddress] as a user writes it, `PORT`, `HOST:PORT` or `[IPV6]:PORT`: see [TcpAddress.parse]. */
public fun tcp(text: String): TcpAddress = TcpAddress.parse(text)

/** A [UdpAddress]: `udp("localhost", 9001)`, `udp("ff02::1%eth0", 9001)`. */
public fun udp(host: String, port: Int): UdpAddress = UdpAddress(host, port)

/** A [UdpAddress] on the loopback interface: `udp(9001)`. */
public fun udp(port: Int): UdpAddress = UdpAddress(LOOPBACK, port)

/** A [UdpAddress] as a user writes it: see [UdpAddress.parse]. */
public fun udp(text: String): UdpAddress = UdpAddress.parse(text)

/** A [UnixAddress]: `unix("/tmp/echo.sock")`. */
public fun unix(path: String): UnixAddress = UnixAddress(path)

/** A [UnixDatagramAddress]: `unixDatagram("/tmp/log.sock")`, `unixDatagram("\u0000name")`. */
public fun unixDatagram(path: String): UnixDatagramAddress = UnixDatagramAddress(path)

/** The host that everything listens on unless told otherwise. */
public const val LOOPBACK: String = "127.0.0.1"

/** The longest Unix path in bytes: what the system has room for, less what the JDK keeps for itself. unix(7) */
public val MAX_UNIX_PATH: Int = if (System.getProperty("os.name").startsWith("Linux")) 106 else 102

private fun hostAndPort(host: String, port: Int): String = if (':' in host) "[$host]:$port" else "$host:$port"

private fun checkedPort(port: Int): Int = port.also { require(it in 0..MAX_PORT) { "a port is 0..$MAX_PORT, was $it" } }

private fun <A> parseHostAndPort(text: String, defaultHost: String, make: (String, Int) -> A): A {
    val colon = text.lastIndexOf(':')
    val host = if (colon < 0) defaultHost else text.substring(0, colon)
    val port = text.substring(colon + 1)
    require(colon < 0 || (host.isNotEmpty() && (':' !in host || (host.startsWith('[') && host.endsWith(']'))))) {
        "not an address: \"$text\" (HOST:PORT, [IPV6]:PORT or PORT)"
    }
    require(port.isNotEmpty() && port.length <= 5 && port.all { it in '0'..'9' } && port.toInt() <= MAX_PORT) {
        "not a port: \"$port\" in \"$text\" (0..$MAX_PORT)"
    }
    return make(host, port.toInt())
}

/** A literal in its canonical form, or a name in lower case and in ASCII (RFC 5890), or an error naming [text]. */
internal fun canonicalHost(text: String): String {
    val bracketed = text.startsWith('[') && text.endsWith(']')
    val bare = if (bracketed) text.substring(1, text.length - 1) else text
    require(bare.isNotBlank()) { "a host must not be blank" }
    if (':' in bare) return Ip.parse(bare).toString()
    require(!bracketed) { "not a host: \"$text\" (brackets are for IPv6)" }
    val name = ascii(bare)
    // The system's resolver takes 127.1, 0x7f.1 and 2130706433 for addresses, each its own way: here they are neither.
    if (NUMBER.matches(name.substringAfterLast('.'))) return Ip.parse(name).toString()
    checkName(name, bare)
    return name
}

private fun ascii(name: String): String = if (name.all { it.code < 0x80 }) {
    name.lowercase()
} else {
    try {
        IDN.toASCII(name).lowercase()
    } catch (_: IllegalArgumentException) {
        throw IllegalArgumentException("not a host: \"$name\" (no IDNA form)")
    }
}

private fun checkName(name: String, given: String) {
    val plain = name.removeSuffix(".")
    require(plain.length <= MAX_NAME) { "not a host: a name has at most $MAX_NAME characters, was ${plain.length}" }
    for (label in plain.split('.')) {
        require(label.isNotEmpty()) { "not a host: \"$given\" (an empty label)" }
        require(label.length <= MAX_LABEL) {
            "not a host: \"$given\" (a label has at most $MAX_LABEL characters, was ${label.length})"
        }
        val bad = label.firstOrNull { it !in 'a'..'z' && it !in '0'..'9' && it != '-' && it != '_' }
        require(bad == null) { "not a host: \"$given\" ('$bad' is not a letter, digit, hyphen or underscore)" }
        require(label.first() != '-' && label.last() != '-') {
            "not a host: \"$given\" (a label that starts or ends with a hyphen)"
        }
    }
}

private fun checkUnixPath(path: String, extra: Int = path.length) {
    require('\u0000' !in path) { "a Unix path has no NUL: \"${path.replace('\u0000', '@')}\"" }
    val size = path.encodeToByteArray().size + (extra - path.length)
    require(size <= MAX_UNIX_PATH) { "a Unix path is at most $MAX_UNIX_PATH bytes, was $size: \"$path\"" }
}

private fun printedPath(path: String): String = path.ifEmpty { "(unnamed)" }.replace('\u0000', '@')

internal const val MAX_PORT = 65_535

/** RFC 1035, section 2.3.4: 255 bytes with their lengths are 253 characters. */
private const val MAX_NAME = 253
private const val MAX_LABEL = 63
private val NUMBER = Regex("[0-9]+|0x[0-9a-f]*")
