package socketeer.java;

import java.nio.ByteOrder;
import java.util.List;
import socketeer.Length;
import socketeer.LineEnd;

/** The framings and payloads that are there already. Sizes are in bytes; limits are on by default. */
public final class Codecs {
    /** The greatest payload of a frame unless told otherwise: 1 MiB. */
    public static final int MAX_FRAME = socketeer.CodecKt.DEFAULT_MAX_FRAME;

    /** The greatest line unless told otherwise, its end not counted: 64 KiB. */
    public static final int MAX_LINE = socketeer.CodecKt.DEFAULT_MAX_LINE;

    /** The greatest PROXY header of version 2 unless told otherwise: 4 KiB. */
    public static final int MAX_PROXY_V2 = socketeer.ProxyProtocolKt.DEFAULT_MAX_PROXY_V2;

    private Codecs() {}

    /** Lines of strict UTF-8, ended by LF or CR LF, without their ends. */
    public static Codec<String> lines() {
        return lines(MAX_LINE);
    }

    /** Lines of at most {@code max} bytes; refused with the first byte too many. */
    public static Codec<String> lines(int max) {
        return Adapters.lines(max);
    }

    /**
     * Lines that each hold exactly one {@code payload}.
     *
     * @param lastMayBeOpen whether the stream's last line may lack its end; otherwise that is an error
     * @param resync whether decoding goes on behind the next end after a line that was refused
     */
    public static <T> Codec<T> lines(
            Codec<T> payload, LineEnd end, int max, boolean lastMayBeOpen, boolean resync) {
        return Adapters.lines(payload, end, max, lastMayBeOpen, resync);
    }

    /** Frames that end with {@code delimiter}, which isn't part of them, of at most 64 KiB. */
    public static Codec<Bytes> delimited(Bytes delimiter) {
        return delimited(bytes(), List.of(delimiter), MAX_LINE, false, false);
    }

    /** Frames that end with one of {@code delimiters}; the first is written. For the others see {@link #lines}. */
    public static <T> Codec<T> delimited(
            Codec<T> payload, List<Bytes> delimiters, int max, boolean lastMayBeOpen, boolean resync) {
        return Adapters.delimited(payload, delimiters, max, lastMayBeOpen, resync);
    }

    /** Frames with their length in four bytes in front, the highest first, of at most 1 MiB. */
    public static Codec<Bytes> lengthPrefixed() {
        return lengthPrefixed(MAX_FRAME);
    }

    /** The same of at most {@code max} bytes. */
    public static Codec<Bytes> lengthPrefixed(int max) {
        return Adapters.lengthPrefixed(max);
    }

    /** Frames with their length in front, each holding exactly one {@code payload}. */
    public static <T> Codec<T> lengthPrefixed(Codec<T> payload) {
        return lengthPrefixed(payload, new Length.Binary(4, ByteOrder.BIG_ENDIAN), MAX_FRAME);
    }

    /** The same with another {@code length}: {@code new Length.Binary(2, LITTLE_ENDIAN)}, for example. */
    public static <T> Codec<T> lengthPrefixed(Codec<T> payload, Length length, int max) {
        return Adapters.lengthPrefixed(payload, length, max);
    }

    /**
     * The same for protocols that others have thought up.
     *
     * @param offset how many bytes are in front of the length
     * @param adjustment what is added to the length to get how many bytes follow it
     * @param strip how many bytes of the front aren't payload
     * @param trailer what stands behind the payload; perhaps nothing
     */
    public static <T> Codec<T> lengthPrefixed(
            Codec<T> payload, Length length, int offset, int adjustment, int strip, int max, Bytes trailer) {
        return Adapters.lengthPrefixed(payload, length, offset, adjustment, strip, max, trailer);
    }

    /** Netstrings, {@code 5:hello,}, of at most 1 MiB. Source: D. J. Bernstein, "Netstrings", 1997. */
    public static Codec<Bytes> netstring() {
        return netstring(bytes(), MAX_FRAME);
    }

    /** Netstrings that each hold exactly one {@code payload}. */
    public static <T> Codec<T> netstring(Codec<T> payload, int max) {
        return Adapters.netstring(payload, max);
    }

    /** Whatever there is until the input ends, at most 1 MiB. */
    public static Codec<Bytes> bytes() {
        return bytes(MAX_FRAME);
    }

    /** Whatever there is until the input ends, at most {@code max}. */
    public static Codec<Bytes> bytes(int max) {
        return Adapters.bytes(max);
    }

    /** Exactly {@code size} bytes. */
    public static Codec<Bytes> fixed(int size) {
        return Adapters.fixed(size);
    }

    /** Strict UTF-8 until the input ends, at most 1 MiB. JSON: {@code text().map(json::read, json::write)}. */
    public static Codec<String> text() {
        return text(MAX_FRAME);
    }

    /** Strict UTF-8 until the input ends, at most {@code max} bytes. */
    public static Codec<String> text(int max) {
        return Adapters.toJava(socketeer.TextKt.text(max));
    }

    /** One byte as 0 to 255. */
    public static Codec<Integer> uint8() {
        return Adapters.toJava(socketeer.NumbersKt.uint8());
    }

    /** Two bytes, the highest first, as 0 to 65,535. */
    public static Codec<Integer> uint16() {
        return uint16(ByteOrder.BIG_ENDIAN);
    }

    /** Two bytes in {@code order} as 0 to 65,535. */
    public static Codec<Integer> uint16(ByteOrder order) {
        return Adapters.toJava(socketeer.NumbersKt.uint16(order));
    }

    /** Four bytes, the highest first, two's complement. */
    public static Codec<Integer> int32() {
        return int32(ByteOrder.BIG_ENDIAN);
    }

    /** Four bytes in {@code order}, two's complement. */
    public static Codec<Integer> int32(ByteOrder order) {
        return Adapters.toJava(socketeer.NumbersKt.int32(order));
    }

    /** Eight bytes, the highest first, two's complement. */
    public static Codec<Long> int64() {
        return int64(ByteOrder.BIG_ENDIAN);
    }

    /** Eight bytes in {@code order}, two's complement. */
    public static Codec<Long> int64(ByteOrder order) {
        return Adapters.toJava(socketeer.NumbersKt.int64(order));
    }

    /** {@code size} bytes, 1 to 7, in {@code order} as an unsigned number. */
    public static Codec<Long> uint(int size, ByteOrder order) {
        return Adapters.toJava(socketeer.NumbersKt.uint(size, order));
    }

    /** A number from 0 on in groups of seven bits, the lowest first: 1 to 9 bytes. Source: Protocol Buffers, LEB128. */
    public static Codec<Long> varint() {
        return Adapters.toJava(socketeer.NumbersKt.varint());
    }

    /** A number from 0 to {@code max} in decimal digits, then {@code end}: {@code 42\r\n}. */
    public static Codec<Long> decimal(String end, long max) {
        return Adapters.toJava(socketeer.NumbersKt.decimal(end, max));
    }

    /** A tag, then the bytes of the case that has this tag. A value is encoded by the first case of its type. */
    public static <K, T> Codec<T> tagged(Codec<K> tag, List<Case<K, ? extends T>> cases) {
        return Adapters.tagged(tag, cases);
    }

    /** A PROXY header of version 1, {@code PROXY TCP4 192.0.2.1 198.51.100.1 56324 443}: TCP addresses or unknown. */
    public static Codec<ProxyHeader> proxyV1() {
        return Adapters.proxy(socketeer.ProxyProtocolKt.proxyV1());
    }

    /** A PROXY header of version 2, of at most 4 KiB and written without a checksum. */
    public static Codec<ProxyHeader> proxyV2() {
        return proxyV2(false, MAX_PROXY_V2);
    }

    /**
     * A PROXY header of version 2. A checksum that is there is checked in any case.
     *
     * @param checksum whether to write a CRC32C
     * @param max the greatest number of bytes of a header, 16 to 65,551
     */
    public static Codec<ProxyHeader> proxyV2(boolean checksum, int max) {
        return Adapters.proxy(socketeer.ProxyProtocolKt.proxyV2(checksum, max));
    }

    /** A PROXY header of either version, as a receiver wants it, of at most {@code max} bytes; written as version 2. */
    public static Codec<ProxyHeader> proxyHeader(int max) {
        return Adapters.proxy(socketeer.ProxyProtocolKt.proxyHeader(max));
    }

    /**
     * What Redis is told: words of any bytes, each at most 512 MiB, as arrays of bulk strings or, decoding only, as a
     * line that somebody typed. None at all is an empty list. It accepts and refuses what Redis 7 does, in its words.
     */
    public static Codec<List<Bytes>> respCommands() {
        return Adapters.respCommands();
    }

    /**
     * What Redis answers, strictly; lists are in lists at most 64 deep. Commands go one way and replies the other: two
     * framings on one connection.
     */
    public static Codec<Resp> respReplies() {
        return Adapters.respReplies();
    }
}
