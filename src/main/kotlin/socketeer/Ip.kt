package socketeer

import kotlinx.io.bytestring.ByteString

/**
 * An IPv4 or IPv6 address as data: four or sixteen [bytes], and for IPv6 perhaps a [scope] (an interface's name or
 * number, RFC 4007).
 *
 * Reads as strictly as `inet_pton`: four decimal parts without leading zeros, or what RFC 4291, section 2.2 allows.
 * Prints the one canonical form of RFC 5952.
 *
 * @property bytes in network order, 4 or 16 of them.
 * @property scope only with 16 bytes; null if there is none.
 */
@ConsistentCopyVisibility
public data class Ip private constructor(val bytes: ByteString, val scope: String?) {
    /** Whether this is an IPv4 address; an IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) is an IPv6 address. */
    public val isV4: Boolean get() = bytes.size == V4_BYTES

    /** Whether it names every address of this machine: `0.0.0.0` or `::`. */
    public val isWildcard: Boolean get() = (0 until bytes.size).all { bytes[it] == 0.toByte() }

    /** Whether it stays on this machine: `127.0.0.0/8` or `::1`. */
    public val isLoopback: Boolean
        get() = if (isV4) {
            byte(0) == LOOPBACK_NET
        } else {
            byte(V6_BYTES - 1) == 1 &&
                (0 until V6_BYTES - 1).all { byte(it) == 0 }
        }

    /** Whether it names a group: `224.0.0.0/4` or `ff00::/8`. */
    public val isMulticast: Boolean get() = if (isV4) byte(0) shr 4 == MULTICAST_V4 else byte(0) == 0xff

    /** The IPv4 address inside `::ffff:a.b.c.d`, else this. */
    public val unmapped: Ip
        get() = if (isMapped) Ip(bytes.substring(V6_BYTES - V4_BYTES), null) else this

    private val isMapped: Boolean
        get() = !isV4 && (0 until MAPPED_ZEROS).all { byte(it) == 0 } && byte(10) == 0xff && byte(11) == 0xff

    internal fun byte(i: Int): Int = bytes[i].toInt() and 0xff

    /** Canonical: what [parse] gives back as an equal address. */
    override fun toString(): String = when {
        isV4 -> dotted(0)
        isMapped -> "::ffff:${dotted(V6_BYTES - V4_BYTES)}"
        else -> shortest(IntArray(GROUPS) { (byte(2 * it) shl 8) or byte(2 * it + 1) })
    } + if (scope == null) "" else "%$scope"

    private fun dotted(start: Int): String = (start until start + V4_BYTES).joinToString(".") { byte(it).toString() }

    public companion object {
        /**
         * The address of [bytes], as `inet_ntop` takes them.
         *
         * @throws IllegalArgumentException if there are neither 4 nor 16, or an IPv4 address has a scope.
         */
        public operator fun invoke(bytes: ByteString, scope: String? = null): Ip {
            require(bytes.size == V4_BYTES || bytes.size == V6_BYTES) {
                "an IP address is 4 or 16 bytes, was ${bytes.size}"
            }
            if (scope != null) {
                require(bytes.size == V6_BYTES) { "a scope is for IPv6 addresses, was \"$scope\" on IPv4" }
                require(SCOPE.matches(scope)) { "a scope is an interface's name or number, was \"$scope\"" }
            }
            return Ip(bytes, scope)
        }

        /** Reads [text]. @throws IllegalArgumentException naming [text] and what is wrong with it. */
        public fun parse(text: String): Ip = try {
            if (':' in text) v6(text) else v4(text)
        } catch (cause: Wrong) {
            throw IllegalArgumentException("not an IP address: \"$text\" (${cause.message})")
        }

        /** Reads [text]; null if it is not an address, which it says without asking anybody. */
        public fun parseOrNull(text: String): Ip? = try {
            if (':' in text) v6(text) else v4(text)
        } catch (_: Wrong) {
            null
        }

        private fun v4(text: String): Ip = Ip(ByteString(*quad(text)), null)

        private fun quad(text: String): ByteArray {
            val parts = text.split('.')
            wrongUnless(parts.size == V4_BYTES) { "an IPv4 address has 4 parts, was ${parts.size}" }
            return ByteArray(V4_BYTES) { octet(parts[it]).toByte() }
        }

        private fun octet(part: String): Int {
            wrongUnless(part.isNotEmpty() && part.all { it in '0'..'9' }) { "\"$part\" is not a decimal number" }
            wrongUnless(part.length == 1 || part[0] != '0') { "\"$part\" has a leading zero, which some read as octal" }
            wrongUnless(part.length <= 3 && part.toInt() <= 0xff) { "$part is not 0..255" }
            return part.toInt()
        }

        private fun v6(text: String): Ip {
            val percent = text.indexOf('%')
            val scope = if (percent < 0) null else text.substring(percent + 1)
            wrongUnless(scope == null || SCOPE.matches(scope)) {
                "a scope is an interface's name or number, was \"$scope\""
            }
            val groups = groups(if (percent < 0) text else text.substring(0, percent))
            return Ip(
                ByteString(
                    *ByteArray(V6_BYTES) {
                        (
                            groups[it / 2] shr if (it % 2 ==
                                0
                            ) {
                                8
                            } else {
                                0
                            }
                            ).toByte()
                    },
                ),
                scope,
            )
        }

        private fun groups(text: String): List<Int> {
            val gap = text.indexOf("::")
            if (gap < 0) {
                return run(text, atEnd = true).also {
                    wrongUnless(it.size == GROUPS) { "8 groups or \"::\", was ${it.size} groups" }
                }
            }
            wrongUnless(text.indexOf("::", gap + 1) < 0) { "\"::\" twice" }
            val head = run(text.substring(0, gap), atEnd = false)
            val tail = run(text.substring(gap + 2), atEnd = true)
            val given = head.size + tail.size
            wrongUnless(given < GROUPS) { "\"::\" and $given groups, it stands for at least one of 8" }
            return head + List(GROUPS - given) { 0 } + tail
        }

        private fun run(text: String, atEnd: Boolean): List<Int> {
            if (text.isEmpty()) return emptyList()
            val parts = text.split(':')
            return parts.flatMapIndexed { i, part ->
                if ('.' in part && atEnd && i == parts.lastIndex) {
                    val quad = quad(part)
                    listOf(
                        (quad[0].toInt() and 0xff shl 8) or (quad[1].toInt() and 0xff),
                        (quad[2].toInt() and 0xff shl 8) or (quad[3].toInt() and 0xff),
                    )
                } else {
                    wrongUnless(part.length in 1..4 && part.all { it.digitToIntOrNull(16) != null && it < '\u007f' }) {
                        "\"$part\" is not 1 to 4 hex digits"
                    }
                    listOf(part.toInt(16))
                }
            }
        }

        private val SCOPE = Regex("[A-Za-z0-9._~-]+")
        private const val V4_BYTES = 4
        private const val V6_BYTES = 16
        private const val GROUPS = 8
        private const val MAPPED_ZEROS = 10
        private const val LOOPBACK_NET = 127
        private const val MULTICAST_V4 = 0xe
    }
}

/** RFC 5952, section 4: lower case, no leading zeros, "::" for the longest run of two or more, the first of equals. */
private fun shortest(groups: IntArray): String {
    var start = -1
    var length = 1
    var i = 0
    while (i < groups.size) {
        var end = i
        while (end < groups.size && groups[end] == 0) end++
        if (end - i > length) {
            start = i
            length = end - i
        }
        i = end + 1
    }

    fun join(range: IntRange) = range.joinToString(":") { groups[it].toString(16) }
    return if (start < 0) join(groups.indices) else join(0 until start) + "::" + join(start + length until groups.size)
}

/** What is wrong with a text, while it is being read. */
private class Wrong(message: String) : Exception(message, null, false, false)

private inline fun wrongUnless(right: Boolean, message: () -> String) {
    if (!right) throw Wrong(message())
}
