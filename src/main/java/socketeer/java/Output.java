package socketeer.java;

import java.io.IOException;
import java.nio.ByteOrder;
import socketeer.TextKt;

/** Where a {@link Codec} writes: bytes that grow at the end, in memory. Not for several threads at once. */
public final class Output {
    final socketeer.Output output;

    Output(socketeer.Output output) {
        this.output = output;
    }

    /** How many bytes have been written. */
    public int size() {
        return output.getSize();
    }

    /** Writes the low eight bits of {@code octet}. */
    public void write(int octet) {
        output.write(octet);
    }

    /** Writes {@code bytes}. */
    public void write(Bytes bytes) {
        write(bytes.array());
    }

    /** Writes {@code bytes}. */
    public void write(byte[] bytes) {
        output.write(bytes, 0, bytes.length);
    }

    /** Writes {@code bytes} from {@code from} to before {@code to}. */
    public void write(byte[] bytes, int from, int to) {
        output.write(bytes, from, to);
    }

    /** Writes the low {@code n} bytes of {@code number}, 1 to 8, the highest first. */
    public void writeNumber(long number, int n) {
        writeNumber(number, n, ByteOrder.BIG_ENDIAN);
    }

    /** Writes the low {@code n} bytes of {@code number}, 1 to 8, in {@code order}. */
    public void writeNumber(long number, int n, ByteOrder order) {
        output.writeNumber(number, n, order);
    }

    /** Writes {@code text} as UTF-8. @throws IllegalArgumentException it has half a surrogate pair */
    public void writeText(String text) {
        TextKt.writeText(output, text);
    }

    /** Writes {@code value} as {@code codec} does, all of it or nothing. */
    public <T> void append(Codec<T> codec, T value) throws IOException {
        output.append(Adapters.toKotlin(codec), value);
    }
}
