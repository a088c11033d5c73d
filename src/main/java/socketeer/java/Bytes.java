package socketeer.java;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import kotlinx.io.bytestring.ByteString;
import socketeer.InputKt;

/** Bytes that never change: a value, equal to others with the same content, to be shared by any threads. */
public final class Bytes {
    /** None. */
    public static final Bytes EMPTY = new Bytes(new byte[0]);

    private final byte[] array;

    /** Nobody writes to {@code array} from now on. */
    private Bytes(byte[] array) {
        this.array = array;
    }

    /** A copy of {@code bytes}. */
    public static Bytes of(byte... bytes) {
        return new Bytes(bytes.clone());
    }

    /** A copy of what remains in {@code buffer}, whose position stays. */
    public static Bytes of(ByteBuffer buffer) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.get(buffer.position(), copy);
        return new Bytes(copy);
    }

    /** {@code text} in UTF-8. */
    public static Bytes of(String text) {
        return new Bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** {@code string} without a copy; null for null. */
    static Bytes wrap(ByteString string) {
        return string == null ? null : new Bytes(InputKt.arrayOf(string));
    }

    /** {@code array}, which nobody else has, without a copy; null for null. */
    static Bytes wrap(byte[] array) {
        return array == null ? null : new Bytes(array);
    }

    /** These as Kotlin has them, without a copy. */
    ByteString string() {
        return InputKt.wrap(array);
    }

    /** The array itself: to be read only. */
    byte[] array() {
        return array;
    }

    /** How many. */
    public int size() {
        return array.length;
    }

    /** Whether there is none. */
    public boolean isEmpty() {
        return array.length == 0;
    }

    /** The one at {@code index}. @throws IndexOutOfBoundsException unless 0 <= index < size */
    public byte get(int index) {
        return array[index];
    }

    /**
     * Those from {@code from} to before {@code to}. @throws IndexOutOfBoundsException unless 0 <= from <= to <= size
     */
    public Bytes slice(int from, int to) {
        if (from < 0 || to > array.length || from > to) {
            throw new IndexOutOfBoundsException(
                    "0 <= from <= to <= " + array.length + ", was " + from + " and " + to);
        }
        return new Bytes(Arrays.copyOfRange(array, from, to));
    }

    /** These, then {@code more}. */
    public Bytes plus(Bytes more) {
        byte[] both = Arrays.copyOf(array, array.length + more.array.length);
        System.arraycopy(more.array, 0, both, array.length, more.array.length);
        return new Bytes(both);
    }

    /** A copy. */
    public byte[] toArray() {
        return array.clone();
    }

    /** A view that can only be read. */
    public ByteBuffer buffer() {
        return ByteBuffer.wrap(array).asReadOnlyBuffer();
    }

    /** As UTF-8 text; what isn't UTF-8 becomes U+FFFD. For text cut anywhere use a framing. */
    public String text() {
        return new String(array, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes those && Arrays.equals(array, those.array);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(array);
    }

    @Override
    public String toString() {
        return string().toString();
    }
}
