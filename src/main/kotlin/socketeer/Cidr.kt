package socketeer

import kotlinx.io.bytestring.ByteString

/**
 * A block of IP addresses, RFC 4632: those whose first [prefix] bits are the network's. `ip in cidr` asks.
 *
 * @property network the block's first address; the bits behind the prefix are zero.
 * @property prefix 0 to 32 for IPv4, 0 to 128 for IPv6.
 */
@ConsistentCopyVisibility
public data class Cidr private constructor(val network: Ip, val prefix: Int) {
    /**
     * Whether [ip] is in this block; an IPv4 address mapped into IPv6 counts as the IPv4 address. Scopes don't count.
     */
    public operator fun contains(ip: Ip): Boolean {
        val plain = ip.unmapped
        return plain.isV4 == network.isV4 && plain.masked(prefix).bytes == network.bytes
    }

    /** Whether [address] is a literal in this block: a host name or a Unix path never is, and nobody is asked. */
    public operator fun contains(address: Address): Boolean =
        address is HostAddress && Ip.parseOrNull(address.host)?.let { it in this } == true

    override fun toString(): String = "$network/$prefix"

    public companion object {
        /**
         * The block of [prefix] bits that starts at [network].
         *
         * @throws IllegalArgumentException naming what is out of bounds, or the block that was probably meant.
         */
        public operator fun invoke(network: Ip, prefix: Int): Cidr {
            val bits = network.bytes.size * Byte.SIZE_BITS
            require(prefix in 0..bits) { "a prefix is 0..$bits, was $prefix in $network/$prefix" }
            require(network.scope == null) { "a block has no scope: \"$network/$prefix\"" }
            val first = network.masked(prefix)
            require(first == network) { "bits behind the prefix in \"$network/$prefix\" (the block is $first/$prefix)" }
            return Cidr(network, prefix)
        }

        /**
         * Reads `NETWORK/PREFIX`; an address alone is a block of one. @throws IllegalArgumentException naming [text]
         */
        public fun parse(text: String): Cidr {
            val slash = text.indexOf('/')
            val ip = Ip.parse(if (slash < 0) text else text.substring(0, slash))
            if (slash < 0) return invoke(ip, ip.bytes.size * Byte.SIZE_BITS)
            val prefix = text.substring(slash + 1)
            require(PREFIX.matches(prefix)) { "not a prefix: \"$prefix\" in \"$text\" (a decimal number)" }
            return invoke(ip, prefix.toInt())
        }

        private val PREFIX = Regex("0|[1-9][0-9]{0,2}")
    }
}

/** This address with all bits behind the first [prefix] cleared. */
private fun Ip.masked(prefix: Int): Ip = Ip(
    ByteString(
        *ByteArray(bytes.size) {
            val kept = (prefix - it * Byte.SIZE_BITS).coerceIn(0, Byte.SIZE_BITS)
            (byte(it) and (0xff00 shr kept)).toByte()
        },
    ),
    scope,
)
