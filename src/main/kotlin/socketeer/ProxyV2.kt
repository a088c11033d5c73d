package socketeer

import kotlinx.io.bytestring.ByteString
import java.nio.ByteOrder
import java.util.zip.CRC32C

internal class ProxyV2(private val checksum: Boolean, private val max: Int) : Codec<ProxyHeader> {
    init {
        require(max in HEAD..HEAD + MAX_LENGTH) { "max is $HEAD..${HEAD + MAX_LENGTH}, was $max" }
    }

    override val maxBytes get() = max

    override fun encode(value: ProxyHeader, output: Output) {
        val start = output.size
        val family = ProxyFamily.of(value.source)
        output.write(PROXY_SIGNATURE)
        output.write(VERSION or if (value.isLocal) LOCAL else PROXY)
        output.write(family.byte)
        output.skip(LENGTH_BYTES)
        family.codec?.encode(ProxyEnds(value.source, value.destination), output)
        for (tlv in value.tlvs) TLV.encode(RawTlv(tlv.type, tlv.value), output)
        if (checksum) TLV.encode(RawTlv(ProxyTlv.CRC32C_TYPE, ZEROS), output)
        val size = output.size - start
        if (size > max) throw tooLarge(size, max, "PROXY header")
        putNumber(output.array, start + HEAD - LENGTH_BYTES, size.toLong() - HEAD, LENGTH_BYTES, ByteOrder.BIG_ENDIAN)
        if (checksum) {
            val sum = CRC32C().apply { update(output.array, start, size) }.value
            putNumber(output.array, output.size - CRC_BYTES, sum, CRC_BYTES, ByteOrder.BIG_ENDIAN)
        }
    }

    override fun decoder(): Decoder<ProxyHeader> {
        val signature = Expected(PROXY_SIGNATURE)
        var begun = false
        return Decoder { input ->
            if (!begun && !signature.passes(input)) return@Decoder null
            begun = true
            val rest = HEAD - PROXY_SIGNATURE.size
            if (!input.has(rest)) return@Decoder null
            val at = input.position
            val command = command(input, at)
            val family = family(input, at + 1, isLocal = command == LOCAL)
            val length = input.numberAt(at + 2, LENGTH_BYTES, ByteOrder.BIG_ENDIAN).toInt()
            if (length > max - HEAD) input.tooLarge("PROXY header <= $max bytes, was ${HEAD + length}", at + 2)
            if (!input.has(rest + length)) return@Decoder null
            begun = false
            input.position = at + rest
            input.content = true
            block(input, length, family, isLocal = command == LOCAL)
        }
    }

    private fun command(input: Input, at: Int): Int {
        val byte = input[at].toInt() and 0xFF
        if (byte and 0xF0 != VERSION) input.malformed("version 2 expected, ${byte shr 4} is there", at)
        val command = byte and 0x0F
        if (command > PROXY) input.malformed("command 0 (LOCAL) or 1 (PROXY) expected, $command is there", at)
        return command
    }

    private fun family(input: Input, at: Int, isLocal: Boolean): ProxyFamily {
        val byte = input[at].toInt() and 0xFF
        val family = byte shr 4
        val protocol = byte and 0x0F
        // What a local header says of its family is to be ignored.
        if (!isLocal && family > MAX_FAMILY) input.malformed("family of 0..$MAX_FAMILY expected, $family is there", at)
        if (!isLocal && protocol > MAX_PROTOCOL) {
            input.malformed("protocol of 0..$MAX_PROTOCOL expected, $protocol is there", at)
        }
        return ProxyFamily.of(byte)
    }

    /** The [length] bytes behind the header's fixed part. */
    private fun block(input: Input, length: Int, family: ProxyFamily, isLocal: Boolean): ProxyHeader {
        val start = input.position - HEAD
        val end = input.position + length
        if (isLocal || family.codec == null) {
            val tlvs = looseTlvs(input, end, family)
            val checked = checked(input, start, end, tlvs)
            input.position = end
            return if (isLocal) ProxyHeader.local(checked) else ProxyHeader.unknown(checked)
        }
        if (length < family.size) {
            val at = start + HEAD - LENGTH_BYTES
            input.malformed("${family.size} bytes of addresses expected, $length are there", at)
        }
        val ends = family.codec.decoder().decodeWhole(input, family.size)
        val tlvs = checked(input, start, end, TLVS.decoder().decodeWhole(input, end - input.position))
        if (ends.source == null || ends.destination == null) return ProxyHeader.unknown(tlvs)
        return ProxyHeader(ends.source, ends.destination, tlvs)
    }

    /** TLVs behind addresses that don't count, if that is what these bytes are: else they are to be skipped. */
    private fun looseTlvs(input: Input, end: Int, family: ProxyFamily): List<RawTlv> {
        if (!family.isReadable || end - input.position < family.size) return emptyList()
        input.position += family.size
        return try {
            TLVS.decoder().decodeWhole(input, end - input.position)
        } catch (_: MalformedException) {
            emptyList()
        }
    }

    /** The TLVs that say something. A checksum among them must be right. */
    private fun checked(input: Input, start: Int, end: Int, raw: List<RawTlv>): List<ProxyTlv> {
        var at = end - raw.sumOf { it.size }
        val tlvs = ArrayList<ProxyTlv>(raw.size)
        var sums = 0
        for (tlv in raw) {
            when (tlv.type) {
                ProxyTlv.NOOP_TYPE -> Unit
                ProxyTlv.CRC32C_TYPE -> if (sums++ == 0) verify(input, start, end, at, tlv) else second(input, at)
                else -> tlvs += tlv.checked(input, at)
            }
            at += tlv.size
        }
        return tlvs
    }

    private fun second(input: Input, at: Int): Nothing = input.malformed("one checksum expected, a second is there", at)

    private fun verify(input: Input, start: Int, end: Int, at: Int, tlv: RawTlv) {
        if (tlv.value.size != CRC_BYTES) {
            input.malformed("checksum of $CRC_BYTES bytes expected, ${tlv.value.size} are there", at)
        }
        val value = at + RawTlv.HEAD
        val sum = CRC32C()
        sum.update(input.array, input.base + start, value - start)
        sum.update(arrayOf(ZEROS))
        sum.update(input.array, input.base + value + CRC_BYTES, end - value - CRC_BYTES)
        input.examined += end - start
        val there = input.numberAt(value, CRC_BYTES, ByteOrder.BIG_ENDIAN)
        if (there != sum.value) input.malformed("checksum ${hex8(sum.value)} expected, ${hex8(there)} is there", value)
    }

    private fun hex8(sum: Long) = "0x" + sum.toString(16).padStart(8, '0')
}

/** A TLV as it comes, padding and checksum included. */
private class RawTlv(val type: Int, val value: ByteString) {
    val size get() = HEAD + value.size

    fun checked(input: Input, at: Int): ProxyTlv = try {
        ProxyTlv(type, value)
    } catch (cause: IllegalArgumentException) {
        input.malformed(cause.message!!, at)
    }

    companion object {
        const val HEAD = 3
    }
}

private val TLV =
    (uint8() then lengthPrefixed(Length.Binary(2)))
        .map({ (type, value) -> RawTlv(type, value) }, { it.type to it.value })

private val TLVS = TLV.repeatToEnd(MAX_LENGTH)

internal val PROXY_SIGNATURE = ByteString(*byteArrayOf(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10))
private val ZEROS = wrap(ByteArray(CRC_BYTES))
private const val VERSION = 0x20
private const val LOCAL = 0
private const val PROXY = 1
private const val MAX_FAMILY = 3
private const val MAX_PROTOCOL = 2
private const val LENGTH_BYTES = 2

/** The fixed part. */
private const val HEAD = 16
private const val MAX_LENGTH = 65_535
private const val CRC_BYTES = 4
