package socketeer.java;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Frames on a connection: {@code connection.framed(Codecs.lines())}.
 *
 * <p>One thread may receive while another sends. Between frames it holds no buffer.
 */
public final class Framed<T> {
    private final Connection connection;
    private final socketeer.Framed<T> framed;

    /** Frames that came for a future which nobody waited for any more. */
    private final ConcurrentLinkedQueue<T> late = new ConcurrentLinkedQueue<>();

    /** The last future that was given; null before the first. */
    private volatile Promise<T, T> given;

    Framed(Connection connection, Codec<T> codec) {
        this.connection = connection;
        this.framed = Adapters.framed(connection.connection, codec);
    }

    /** What the frames come from and go to; it stays the caller's to close. */
    public Connection connection() {
        return connection;
    }

    /**
     * The next frame, or null at the end of the stream. An interrupted receive loses nothing.
     *
     * @throws socketeer.MalformedException the bytes break the format, at the position it tells
     * @throws socketeer.TooLargeException the frame is greater than its limit
     * @throws socketeer.BrokenException the stream ends inside a frame, with have and need
     */
    public T recv() throws IOException {
        Promise<T, T> before = given;
        if (before != null) before.awaitOver();
        T first = late.poll();
        return first != null ? first : connection.over(connection.receiving(), framed::recv);
    }

    /** {@link #recv()} as a future. */
    public CompletableFuture<T> recvAsync() {
        Call.Suspending function = call -> {
            T first = late.poll();
            if (first != null) return first;
            connection.receiving().toLoop();
            return framed.recv(call);
        };
        given = Promise.<T, T>after(given, function, frame -> frame, frame -> {
            if (frame != null) late.add(frame);
        });
        return given;
    }

    /**
     * Sends {@code value} and returns when the kernel has all of it. When interrupted on the way, the rest of the frame
     * goes in front of the next one sent, so that what the peer gets stays frames.
     *
     * @throws socketeer.TooLargeException it can't be a frame; then nothing is sent
     */
    public void send(T value) throws IOException {
        connection.over(connection.sending(), call -> framed.send(value, call));
    }

    /** Sends {@code values} in one go. If one can't be a frame, none is sent. */
    public void sendAll(Collection<? extends T> values) throws IOException {
        connection.over(connection.sending(), call -> framed.send(values, call));
    }

    /** {@link #send} as a future. */
    public CompletableFuture<Void> sendAsync(T value) {
        return Promise.begin(call -> {
            connection.sending().toLoop();
            return framed.send(value, call);
        });
    }

    /** Runs {@code action} on each frame until the stream ends. */
    public void forEach(Handler<? super T> action) throws Exception {
        for (T frame; (frame = recv()) != null; ) action.handle(frame);
    }

    /**
     * The frames until the stream ends; each is waited for when it is asked for.
     *
     * @throws UncheckedIOException while it is used: the cause is what {@link #recv()} throws
     */
    public Stream<T> stream() {
        return StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(new Frames(), Spliterator.ORDERED | Spliterator.NONNULL), false);
    }

    /** The connection, for raw bytes: what was received behind the last frame is received from it next. */
    public Connection unframed() throws IOException {
        connection.over(connection.receiving(), framed::unframed);
        return connection;
    }

    @Override
    public String toString() {
        return framed.toString();
    }

    private final class Frames implements Iterator<T> {
        private T next;

        @Override
        public boolean hasNext() {
            try {
                if (next == null) next = recv();
            } catch (IOException cause) {
                throw new UncheckedIOException(cause);
            }
            return next != null;
        }

        @Override
        public T next() {
            if (!hasNext()) throw new NoSuchElementException("the stream has ended");
            T frame = next;
            next = null;
            return frame;
        }
    }
}
