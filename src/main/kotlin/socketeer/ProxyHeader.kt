package socketeer

import kotlinx.io.bytestring.ByteString
import java.util.Collections

/**
 * What a proxy says of the connection that it carries on, in front of its first byte: whose connection it is.
 *
 * The addresses are those that `remote` and `local` would have been without the proxy. Both are there or neither is;
 * without them the connection's real ones count. On the wire it is [proxyV1] or [proxyV2]. Source: HAProxy's
 * proxy-protocol.txt, section 2.
 *
 * @property source where the connection comes from; null if the proxy doesn't know, or won't say.
 * @property destination where it was going before the proxy took it; null with [source].
 * @property isLocal the connection is the proxy's own, such as a health check, and nobody else's.
 * @property tlvs what version 2 says besides, in its order; padding and the checksum aren't among them.
 */
@ConsistentCopyVisibility
public data class ProxyHeader private constructor(
    val source: Address?,
    val destination: Address?,
    val isLocal: Boolean,
    val tlvs: List<ProxyTlv>,
) {
    /** The value of the first TLV of [type], such as [ProxyTlv.AUTHORITY]; null if there is none. */
    public operator fun get(type: Int): ByteString? = tlvs.firstOrNull { it.type == type }?.value

    override fun toString(): String {
        val ends = if (isLocal) {
            "local"
        } else if (source == null) {
            "unknown"
        } else {
            "$source -> $destination"
        }
        return "PROXY $ends" + tlvs.joinToString("") { " $it" }
    }

    public companion object {
        /**
         * A connection from [source] to [destination]: `ProxyHeader(connection.remote, connection.local)`. Scope ids
         * stay behind, as they mean nothing on another machine.
         *
         * @throws IllegalArgumentException if they aren't of one kind and family, or aren't literals.
         */
        public operator fun invoke(
            source: Address,
            destination: Address,
            tlvs: List<ProxyTlv> = emptyList(),
        ): ProxyHeader {
            require(source::class == destination::class) {
                "addresses of one kind, was ${source::class.simpleName} $source and " +
                    "${destination::class.simpleName} $destination"
            }
            return ProxyHeader(plain(source, destination), plain(destination, source), false, copied(tlvs))
        }

        /** A connection of which nothing more is known, or of a kind that a header can't name. */
        public fun unknown(tlvs: List<ProxyTlv> = emptyList()): ProxyHeader =
            ProxyHeader(null, null, false, copied(tlvs))

        /** The proxy's own connection. Version 2 only. */
        public fun local(tlvs: List<ProxyTlv> = emptyList()): ProxyHeader = ProxyHeader(null, null, true, copied(tlvs))

        private fun copied(tlvs: List<ProxyTlv>) = Collections.unmodifiableList(ArrayList(tlvs))

        /** [address] as a header can say it; the [other] one is of the same family. */
        private fun plain(address: Address, other: Address): Address = when (address) {
            is TcpAddress -> tcp(host(address, other as HostAddress), address.port)
            is UdpAddress -> udp(host(address, other as HostAddress), address.port)
            is UnixAddress -> address
            is UnixDatagramAddress -> {
                require(address.path != "\u0000") { "an abstract name has 1 byte or more in a header, was 0" }
                address
            }
        }

        private fun host(address: HostAddress, other: HostAddress): String {
            require((':' in address.host) == (':' in other.host)) {
                "addresses of one family, was $address and $other"
            }
            val ip =
                requireNotNull(Ip.parseOrNull(address.host)) { "an address is a literal in a header, was $address" }
            return Ip(ip.bytes).toString()
        }
    }
}

/**
 * A type, a length and a value: what version 2 can say besides the addresses.
 *
 * @property type 0 to 255; 0xE0 to 0xEF are for applications.
 * @property value at most 65,535 bytes, a [UNIQUE_ID] at most 128.
 */
public data class ProxyTlv(val type: Int, val value: ByteString) {
    init {
        require(type in 0..MAX_TYPE) { "a TLV's type is 0..$MAX_TYPE, was $type" }
        require(type != CRC32C_TYPE && type != NOOP_TYPE) { "checksum and padding are the codec's, was type $type" }
        require(value.size <= MAX_VALUE) { "a TLV's value <= $MAX_VALUE bytes, was ${value.size}" }
        require(type != UNIQUE_ID || value.size <= MAX_UNIQUE_ID) {
            "a unique id <= $MAX_UNIQUE_ID bytes, was ${value.size}"
        }
    }

    override fun toString(): String = "${hex(type)}=$value"

    /** The registered types; proxy-protocol.txt, section 2.2. */
    public companion object {
        /** The protocol that the client speaks inside, as TLS negotiated it (RFC 7301). */
        public const val ALPN: Int = 0x01

        /** The host name that the client asked for, in UTF-8; with TLS its SNI. */
        public const val AUTHORITY: Int = 0x02

        /** What the proxy calls this connection, opaque. */
        public const val UNIQUE_ID: Int = 0x05

        /** That the client came over TLS, and how: section 2.2.6. */
        public const val SSL: Int = 0x20

        /** The name of the network namespace. */
        public const val NETNS: Int = 0x30

        internal const val CRC32C_TYPE = 0x03
        internal const val NOOP_TYPE = 0x04
        private const val MAX_TYPE = 0xFF
        private const val MAX_VALUE = 0xFFFF
        private const val MAX_UNIQUE_ID = 128
    }
}
