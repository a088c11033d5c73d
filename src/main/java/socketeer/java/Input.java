package socketeer.java;

import java.nio.ByteOrder;
import socketeer.MalformedException;
import socketeer.TextKt;
import socketeer.TooLargeException;

/**
 * The bytes a {@link Decoder} sees: those of the unfinished frame that have come, index 0 being its first byte.
 *
 * <p>Indices stay what they are while a frame is unfinished, however its bytes come. Only what {@link #position()} has
 * passed counts as consumed.
 */
public final class Input {
    final socketeer.Input input;

    Input(socketeer.Input input) {
        this.input = input;
    }

    /** Whether no byte comes after those in view. */
    public boolean ended() {
        return input.getEnded();
    }

    /** How many bytes are in view, those before the position included. */
    public int size() {
        return input.getSize();
    }

    /** How many bytes of the frame have been consumed. */
    public int position() {
        return input.getPosition();
    }

    /** Moves it. @throws IllegalArgumentException unless 0 <= position <= size */
    public void position(int position) {
        input.setPosition(position);
    }

    /** How many bytes there are from the position on. */
    public int remaining() {
        return input.getRemaining();
    }

    /** Whether {@code n} bytes remain. If not, the decoder returns null, and is called again when they have come. */
    public boolean has(int n) {
        return input.has(n);
    }

    /** The byte at {@code index}. */
    public byte get(int index) {
        return input.get(index);
    }

    /** The index of the first {@code octet} at {@code from} or later, or -1. */
    public int indexOf(byte octet, int from) {
        return input.indexOf(octet, from);
    }

    /** Consumes one byte, 0 to 255; there must be one. */
    public int readByte() {
        return input.readByte();
    }

    /** Consumes {@code n} bytes, 1 to 8, as an unsigned number, the highest first. */
    public long readNumber(int n) {
        return readNumber(n, ByteOrder.BIG_ENDIAN);
    }

    /** Consumes {@code n} bytes, 1 to 8, as an unsigned number in {@code order} (eight bytes are a signed one). */
    public long readNumber(int n, ByteOrder order) {
        return input.readNumber(n, order);
    }

    /** Consumes {@code n} bytes. */
    public Bytes readBytes(int n) {
        return Bytes.wrap(input.readBytes(n));
    }

    /** Consumes {@code n} bytes as strict UTF-8. */
    public String readText(int n) {
        return TextKt.readText(input, n);
    }

    /** To be thrown: the byte at the position breaks the format. Says what was expected and what is there. */
    public MalformedException malformed(String message) {
        return malformed(message, position());
    }

    /** To be thrown: the byte at {@code index} breaks the format. */
    public MalformedException malformed(String message, int index) {
        return Adapters.malformed(input, message, index);
    }

    /** To be thrown: the frame is greater than its limit, which shows at {@code index}. */
    public TooLargeException tooLarge(String message, int index) {
        return Adapters.tooLarge(input, message, index);
    }
}
