package socketeer

import jdk.net.ExtendedSocketOptions
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
    internal val nio: SocketOption<T>,
    private val range: IntRange? = null,
) {
    /** This option set to [value], to give to bind or connect. @throws IllegalArgumentException if out of range */
    public operator fun invoke(value: T): Setting<T> = Setting(this, check(value))

    internal fun check(value: T): T {
        if (range != null) require((value as Int) in range) { "$name is ${range.first}..${range.last}, was $value" }
        return value
    }

    override fun toString(): String = name

    public companion object {
        /** Send at once, don't collect small segments (Nagle). On by default here. tcp(7) */
        public val NoDelay: Option<Boolean> = Option("TCP_NODELAY", StandardSocketOptions.TCP_NODELAY)

        /** Probe a silent peer. socket(7) */
        public val KeepAlive: Option<Boolean> = Option("SO_KEEPALIVE", StandardSocketOptions.SO_KEEPALIVE)

        /** Seconds of silence before the first probe. tcp(7) */
        public val KeepIdle: Option<Int> = Option("TCP_KEEPIDLE", ExtendedSocketOptions.TCP_KEEPIDLE, 1..MAX_KEEPALIVE)

        /** Seconds between probes. tcp(7) */
        public val KeepInterval: Option<Int> =
            Option("TCP_KEEPINTVL", ExtendedSocketOptions.TCP_KEEPINTERVAL, 1..MAX_KEEPALIVE)

        /** Probes without an answer before the connection is broken. tcp(7) */
        public val KeepCount: Option<Int> =
            Option("TCP_KEEPCNT", ExtendedSocketOptions.TCP_KEEPCOUNT, 1..MAX_KEEP_COUNT)

        /** Acknowledge at once; the kernel may clear it by itself. tcp(7) */
        public val QuickAck: Option<Boolean> = Option("TCP_QUICKACK", ExtendedSocketOptions.TCP_QUICKACK)

        /** Bytes of the kernel's send buffer; the kernel may take it as a hint. socket(7) */
        public val SendBuffer: Option<Int> = Option("SO_SNDBUF", StandardSocketOptions.SO_SNDBUF, 1..Int.MAX_VALUE)

        /** Bytes of the kernel's receive buffer; the kernel may take it as a hint. socket(7) */
        public val ReceiveBuffer: Option<Int> = Option("SO_RCVBUF", StandardSocketOptions.SO_RCVBUF, 1..Int.MAX_VALUE)

        /** Bind although old connections of that port are still being forgotten. On by default to listen. socket(7) */
        public val ReuseAddress: Option<Boolean> = Option("SO_REUSEADDR", StandardSocketOptions.SO_REUSEADDR)

        /** Let several sockets listen on one port, the kernel spreads connections over them. socket(7) */
        public val ReusePort: Option<Boolean> = Option("SO_REUSEPORT", StandardSocketOptions.SO_REUSEPORT)

        /** Seconds that close waits for unsent bytes; -1 is off, 0 makes close abortive. socket(7) */
        public val Linger: Option<Int> = Option("SO_LINGER", StandardSocketOptions.SO_LINGER, -1..MAX_PORT)

        /** The traffic class (DSCP and ECN bits) of what is sent. ip(7) */
        public val TrafficClass: Option<Int> = Option("IP_TOS", StandardSocketOptions.IP_TOS, 0..MAX_BYTE)

        private const val MAX_KEEPALIVE = 32_767
        private const val MAX_KEEP_COUNT = 127
        private const val MAX_BYTE = 255
    }
}

/** An [option] with the [value] it shall have. */
public class Setting<T : Any> internal constructor(public val option: Option<T>, public val value: T) {
    override fun toString(): String = "${option.name}=$value"
}
