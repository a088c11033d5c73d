package socketeer.java;

import java.io.IOException;

/** Reads one stream's frames, one a call; it remembers what it knows of an unfinished frame. */
@FunctionalInterface
public interface Decoder<T> {
    /**
     * The frame that begins at index 0 of {@code input}, or null if more bytes are needed.
     *
     * <p>With a frame, {@link Input#position()} is just behind it and the decoder is ready for the next one. With null,
     * the position may have moved; the next call finds it there, and the bytes before it can still be looked at.
     *
     * @throws socketeer.MalformedException with the byte's position, as {@link Input#malformed} makes it
     * @throws socketeer.TooLargeException with the byte's position, as {@link Input#tooLarge} makes it
     */
    T decode(Input input) throws IOException;

    /** True if, after an error, decoding goes on at the input's position: the next frame is known to begin there. */
    default boolean resumes() {
        return false;
    }
}
