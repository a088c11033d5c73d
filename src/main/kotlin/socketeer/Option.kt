package socketeer

import jdk.net.ExtendedSocketOptions
import jdk.net.UnixDomainPrincipal
import java.net.NetworkInterface
import java.net.SocketOption
import java.net.StandardSocketOptions

/**
 * A socket option and the type of its value: `connection[Option.NoDelay]`, `connection[Option.NoDelay] = false`, or as
 * a setting to bind and connect with: `bind(tcp(9000), Option.ReusePort(true))`.
 *
 * @property name the name in the system's headers, such as `TCP_NODELAY`.
 */
public class Option<T : Any> private constructor(
    public val name: String,
    internal val nio: SocketOption<*>?,
    private val range: IntRange? = null,
    private val toJdk: (T) -> Any = { it },
    private val ofJdk: (Any?) -> Any = { it!! },
    private val wrong: (T) -> String? = { null },
) {
    /** This option set to [value], to give to bind or connect. @throws IllegalArgumentException if out of range */
    @JvmName("to")
    public operator fun invoke(value: T): Setting<T> = Setting(this, check(value))

    internal fun check(value: T): T {
        if (range != null) require((value as Int) in range) { "$name is ${range.first}..${range.last}, was $value" }
        wrong(value)?.let { throw IllegalArgumentException("$name is $it, was $value") }
        return value
    }

    /** As the JDK wants the value. */
    internal fun given(value: T): Any = toJdk(check(value))

    /** From what the JDK gives: of this option, so of its type. */
    @Suppress("UNCHECKED_CAST")
    internal fun taken(value: Any?): T = ofJdk(value) as T

    override fun toString(): String = name

    public companion object {
        /** Send at once, don't collect small segments (Nagle). On by default here. tcp(7) */
        @JvmField public val NoDelay: Option<Boolean> = Option("TCP_NODELAY", StandardSocketOptions.TCP_NODELAY)

        /** Probe a silent peer. socket(7) */
        @JvmField public val KeepAlive: Option<Boolean> = Option("SO_KEEPALIVE", StandardSocketOptions.SO_KEEPALIVE)

        /** Seconds of silence before the first probe. tcp(7) */
        @JvmField public val KeepIdle: Option<Int> = Option(
            "TCP_KEEPIDLE",
            ExtendedSocketOptions.TCP_KEEPIDLE,
            1..MAX_KEEPALIVE,
        )

        /** Seconds between probes. tcp(7) */
        @JvmField public val KeepInterval: Option<Int> =
            Option("TCP_KEEPINTVL", ExtendedSocketOptions.TCP_KEEPINTERVAL, 1..MAX_KEEPALIVE)

        /** Probes without an answer before the connection is broken. tcp(7) */
        @JvmField public val KeepCount: Option<Int> =
            Option("TCP_KEEPCNT", ExtendedSocketOptions.TCP_KEEPCOUNT, 1..MAX_KEEP_COUNT)

        /** Acknowledge at once; the kernel may clear it by itself. tcp(7) */
        @JvmField public val QuickAck: Option<Boolean> = Option("TCP_QUICKACK", ExtendedSocketOptions.TCP_QUICKACK)

        /** Bytes of the kernel's send buffer; the kernel may take it as a hint. socket(7) */
        @JvmField public val SendBuffer: Option<Int> = Option(
            "SO_SNDBUF",
            StandardSocketOptions.SO_SNDBUF,
            1..Int.MAX_VALUE,
        )

        /** Bytes of the kernel's receive buffer; the kernel may take it as a hint. socket(7) */
        @JvmField public val ReceiveBuffer: Option<Int> = Option(
            "SO_RCVBUF",
            StandardSocketOptions.SO_RCVBUF,
            1..Int.MAX_VALUE,
        )

        /** Bind although old connections of that port are still being forgotten. On by default to listen. socket(7) */
        @JvmField public val ReuseAddress: Option<Boolean> = Option("SO_REUSEADDR", StandardSocketOptions.SO_REUSEADDR)

        /** Let several sockets listen on one port, the kernel spreads connections over them. socket(7) */
        @JvmField public val ReusePort: Option<Boolean> = Option("SO_REUSEPORT", StandardSocketOptions.SO_REUSEPORT)

        /** Seconds that close waits for unsent bytes; -1 is off, 0 makes close abortive. socket(7) */
        @JvmField public val Linger: Option<Int> = Option("SO_LINGER", StandardSocketOptions.SO_LINGER, -1..MAX_PORT)

        /** The traffic class (DSCP and ECN bits) of what is sent. ip(7) */
        @JvmField public val TrafficClass: Option<Int> = Option("IP_TOS", StandardSocketOptions.IP_TOS, 0..MAX_BYTE)

        /** Let datagrams go to broadcast addresses. socket(7) */
        @JvmField public val Broadcast: Option<Boolean> = Option("SO_BROADCAST", StandardSocketOptions.SO_BROADCAST)

        /** The network interface that multicast leaves by, by its name; empty: the system chooses. ip(7), ipv6(7) */
        @JvmField public val MulticastInterface: Option<String> =
            Option(
                "IP_MULTICAST_IF",
                StandardSocketOptions.IP_MULTICAST_IF,
                toJdk = { NetworkInterface.getByName(it) },
                ofJdk = { (it as NetworkInterface?)?.name.orEmpty() },
                wrong = { name ->
                    "the name of a network interface".takeIf { NetworkInterface.getByName(name) == null }
                },
            )

        /** How many routers multicast may pass; 0 keeps it on this machine. ip(7), ipv6(7) */
        @JvmField public val MulticastTtl: Option<Int> =
            Option("IP_MULTICAST_TTL", StandardSocketOptions.IP_MULTICAST_TTL, 0..MAX_BYTE)

        /** Whether this machine's own members hear the multicast that is sent here. On by default. ip(7), ipv6(7) */
        @JvmField public val MulticastLoop: Option<Boolean> =
            Option("IP_MULTICAST_LOOP", StandardSocketOptions.IP_MULTICAST_LOOP)

        /**
         * Never cut a datagram into fragments: one that is too large for the way is refused. JDK 19 and newer. ip(7)
         */
        @JvmField public val DontFragment: Option<Boolean> = Option("IP_DONTFRAGMENT", extended("IP_DONTFRAGMENT"))

        /** The receive queue of the network card that the last packet came through; read only. socket(7) */
        @JvmField public val IncomingNapiId: Option<Int> =
            Option("SO_INCOMING_NAPI_ID", ExtendedSocketOptions.SO_INCOMING_NAPI_ID)

        /** Whose process is at the other end of a Unix stream, as it was when it connected; read only. unix(7) */
        @JvmField public val PeerCredentials: Option<Credentials> =
            Option(
                "SO_PEERCRED",
                ExtendedSocketOptions.SO_PEERCRED,
                ofJdk = { (it as UnixDomainPrincipal).let { who -> Credentials(who.user().name, who.group().name) } },
            )

        /**
         * Who may use a Unix socket's file, in octal as for chmod(1): `bind(unix(path), Option.Mode("660"))`. Only to
         * bind with; `600` unless told otherwise. There is no moment at which others could.
         */
        @JvmField public val Mode: Option<String> =
            Option("mode", null, wrong = { mode -> "three octal digits".takeUnless { OCTAL.matches(mode) } })

        /** One that the JDK has only from some version on. */
        private fun extended(name: String): SocketOption<*>? =
            try {
                ExtendedSocketOptions::class.java.getField(name).get(null) as SocketOption<*>
            } catch (_: NoSuchFieldException) {
                null
            }

        private val OCTAL = Regex("[0-7]{3}")
        private const val MAX_KEEPALIVE = 32_767
        private const val MAX_KEEP_COUNT = 127
        private const val MAX_BYTE = 255
    }
}

/** Whose a process is: its [user] and [group], by name where the system knows one, else by number. */
public data class Credentials(val user: String, val group: String)

/** An [option] with the [value] it shall have. */
public class Setting<T : Any> internal constructor(public val option: Option<T>, public val value: T) {
    override fun toString(): String = "${option.name}=$value"
}
