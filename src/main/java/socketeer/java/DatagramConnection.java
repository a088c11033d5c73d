package socketeer.java;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import kotlin.coroutines.Continuation;
import kotlinx.io.bytestring.ByteString;
import socketeer.DatagramAddress;

/**
 * A datagram socket with one peer: what others send is dropped, and the kernel says what became of what was sent, as
 * far as it is told. What {@code connect(udp(…))} gives; in all else like {@link DatagramSocket}.
 */
public final class DatagramConnection extends Socket {
    private final socketeer.DatagramConnection connection;

    /** What came for a future which nobody waited for any more. */
    private final ConcurrentLinkedQueue<ByteString> late = new ConcurrentLinkedQueue<>();

    /** The last future of a receive; the next receive begins when, if that was given up, it is over. */
    private volatile Promise<ByteString, Bytes> given;

    DatagramConnection(socketeer.DatagramConnection connection) {
        super(connection);
        this.connection = connection;
    }

    /**
     * The data of the next datagram, whole and perhaps empty.
     *
     * @throws socketeer.RefusedException an earlier datagram found nobody there
     */
    public Bytes recv() throws IOException {
        settle();
        return Bytes.wrap(Call.<ByteString>await(this::next));
    }

    /** {@link #recv()} as a future. */
    public CompletableFuture<Bytes> recvAsync() {
        given = Promise.after(given, this::next, Bytes::wrap, late::add);
        return given;
    }

    private void settle() {
        Promise<ByteString, Bytes> before = given;
        if (before != null) before.awaitOver();
    }

    private Object next(Continuation<Object> call) {
        ByteString first = late.poll();
        return first != null ? first : connection.recv(call);
    }

    /** Receives into {@code buffer} and gives how many bytes. */
    public int recvInto(ByteBuffer buffer) throws IOException {
        settle();
        ByteString first = late.peek();
        if (first == null) return Call.await(call -> connection.recvInto(buffer, call));
        Sockets.put(first, buffer, this);
        late.poll();
        return first.getSize();
    }

    /**
     * Sends {@code data} as one datagram.
     *
     * @throws socketeer.RefusedException an earlier datagram found nobody there; this one was not sent then
     */
    public void send(Bytes data) throws IOException {
        send(data.array());
    }

    /** Sends {@code data}, which must not change until this returns, as one datagram. */
    public void send(byte[] data) throws IOException {
        Call.await(call -> connection.send(data, call));
    }

    /** Sends {@code text} as UTF-8 in one datagram. */
    public void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends what remains in {@code buffer} as one datagram. */
    public void send(ByteBuffer buffer) throws IOException {
        Call.await(call -> connection.send(buffer, call));
    }

    /** {@link #send(Bytes)} as a future. */
    public CompletableFuture<Void> sendAsync(Bytes data) {
        return Promise.begin(call -> connection.send(data.array(), call));
    }

    @Override
    public DatagramAddress local() {
        return connection.getLocal();
    }

    /** The peer's address: fixed, readable after close. */
    public DatagramAddress remote() {
        return connection.getRemote();
    }
}
