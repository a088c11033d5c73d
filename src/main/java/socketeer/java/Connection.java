package socketeer.java;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import kotlinx.io.bytestring.ByteString;
import socketeer.Direction;
import socketeer.StreamAddress;
import socketeer.loop.NioConnection;

/**
 * A byte stream to a peer.
 *
 * <p>One thread may receive while another sends; two at the same are told {@link socketeer.BusyException} at once. An
 * interrupt gives a call up with an {@link java.io.InterruptedIOException} and clears the thread's status: the
 * connection stays usable, an interrupted receive loses no byte, an interrupted send says through {@link #sent} how
 * much went. The same holds for a future that is cancelled. A connection is also the scope of what is launched on it.
 */
public final class Connection extends Socket {
    final socketeer.Connection connection;

    /** The same where threads that block may touch the channel; null where there's none. */
    private final NioConnection direct;

    /** The last future of a receive: the next receive begins when, if that was given up, what it got is back. */
    private volatile Promise<ByteString, Bytes> given;

    private final Side receiving;
    private final Side sending;

    Connection(socketeer.Connection connection) {
        super(connection);
        this.connection = connection;
        this.direct = Sockets.direct(connection);
        this.receiving = new Side("receive", direct != null);
        this.sending = new Side("send", direct != null);
    }

    /**
     * The next bytes, 1 to 65,536 of them as they come, or null at the end of the stream (and from then on).
     *
     * @throws socketeer.BrokenException they broke it
     * @throws socketeer.ClosedException it is closed
     * @throws socketeer.BusyException another receive waits already
     */
    public Bytes recv() throws IOException {
        return recv(socketeer.NetworkKt.DEFAULT_RECV);
    }

    /** The next bytes, at most {@code max} of them, 1 or more; null at the end. */
    public Bytes recv(int max) throws IOException {
        if (max < 1) throw new IllegalArgumentException("recv at least 1 byte, was " + max);
        Call.begin();
        if (!receiving.enter()) return Bytes.wrap(this.<ByteString>after(call -> connection.recv(max, call)));
        try {
            return Bytes.wrap(direct.recvBlocking(max));
        } finally {
            receiving.leave();
        }
    }

    /** {@link #recv()} as a future. */
    public CompletableFuture<Bytes> recvAsync() {
        return recvAsync(socketeer.NetworkKt.DEFAULT_RECV);
    }

    /** {@link #recv(int)} as a future. */
    public CompletableFuture<Bytes> recvAsync(int max) {
        return future(receiving, call -> connection.recv(max, call));
    }

    /**
     * Receives into {@code buffer} at its position, without allocating: how many bytes came, or -1 at the end of the
     * stream. A buffer without room gets 0 at once. After an interrupt the buffer is not touched.
     */
    public int recvInto(ByteBuffer buffer) throws IOException {
        Call.begin();
        if (!receiving.enter()) return after(call -> connection.recvInto(buffer, call));
        try {
            return direct.recvIntoBlocking(buffer);
        } finally {
            receiving.leave();
        }
    }

    /**
     * Exactly {@code n} bytes, or null if the stream ends before the first. @throws socketeer.BrokenException inside
     */
    public Bytes recvExactly(int n) throws IOException {
        return Bytes.wrap(this.<ByteString>over(receiving, call -> connection.recvExactly(n, call)));
    }

    /** {@link #recvExactly} as a future. */
    public CompletableFuture<Bytes> recvExactlyAsync(int n) {
        return future(receiving, call -> connection.recvExactly(n, call));
    }

    /** The next {@code n} bytes, which stay to be received: fewer only where the stream ends first, null at its end. */
    public Bytes peek(int n) throws IOException {
        return Bytes.wrap(this.<ByteString>over(receiving, call -> connection.peek(n, call)));
    }

    /** Puts {@code bytes} back in front of what comes next: what a parser took too much of. */
    public void unread(Bytes bytes) throws IOException {
        over(receiving, call -> connection.unread(bytes.string(), call));
    }

    /**
     * Sends all of {@code bytes} and returns when the kernel has them.
     *
     * @throws socketeer.BrokenException they broke it
     * @throws socketeer.ClosedException it is closed
     * @throws socketeer.BusyException another send waits already
     */
    public void send(Bytes bytes) throws IOException {
        send(bytes.array());
    }

    /** Sends all of {@code bytes}, which must not change until this returns. */
    public void send(byte[] bytes) throws IOException {
        send(ByteBuffer.wrap(bytes));
    }

    /** Sends {@code text} as UTF-8. */
    public void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends all that remains in {@code buffer}; interrupted, its position says how much went. */
    public void send(ByteBuffer buffer) throws IOException {
        Call.begin();
        boolean here = sending.enter();
        try {
            if (!here || !direct.sendAside(buffer)) Call.await(call -> connection.send(buffer, call));
        } finally {
            if (here) sending.leave();
        }
    }

    /** {@link #send(Bytes)} as a future. */
    public CompletableFuture<Void> sendAsync(Bytes bytes) {
        return sendAsync(bytes.array());
    }

    /** {@link #send(byte[])} as a future. */
    public CompletableFuture<Void> sendAsync(byte[] bytes) {
        return Promise.begin(call -> {
            sending.toLoop();
            return connection.send(bytes, call);
        });
    }

    /** {@link #send(String)} as a future. */
    public CompletableFuture<Void> sendAsync(String text) {
        return sendAsync(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends all of the file {@code path}, and says how many bytes that were; the kernel copies where it can. */
    public long sendFile(Path path) throws IOException {
        return sendFile(path, 0, Long.MAX_VALUE);
    }

    /** Sends at most {@code count} bytes of the file {@code path} from {@code offset} on. sendfile(2) */
    public long sendFile(Path path, long offset, long count) throws IOException {
        return over(sending, call -> connection.sendFile(path, offset, count, call));
    }

    /**
     * Ends one direction. WRITE: the peer gets what was sent, then the end of the stream; receiving goes on. READ: what
     * has already come can be received, then null; sending goes on. A second time changes nothing.
     */
    public void shutdown(Direction how) throws IOException {
        if (how == Direction.READ) Call.await(call -> connection.shutdown(how, call));
        else over(sending, call -> connection.shutdown(how, call));
    }

    /** Closes abruptly: the peer gets a reset and what it had not read may be lost. Otherwise like {@link #close}. */
    public void abort() {
        Call.complete(connection::abort);
    }

    /** What comes, as a stream that blocks; closing it shuts down receiving. */
    public InputStream input() {
        return new ConnectionInput(this);
    }

    /** A stream that blocks; nothing is buffered in it; closing it shuts down sending. */
    public OutputStream output() {
        return new ConnectionOutput(this);
    }

    /** This connection as a stream of {@code codec}'s frames, from the next byte on. */
    public <T> Framed<T> framed(Codec<T> codec) {
        return new Framed<>(this, codec);
    }

    /** This connection, no faster than {@code rates}. From now on, only what this gives is to be used. */
    public Connection shaped(Rates rates) {
        return new Connection(Wrapped.shaped(connection, rates));
    }

    /** What the proxy said of this connection, inside of {@link Socketeer#proxied}; null if it isn't. */
    public ProxyHeader proxyHeader() {
        return Wrapped.header(connection);
    }

    /**
     * Runs {@code task} on a thread of its own until this connection, or its handler, ends; then it is interrupted.
     * What it throws is the handler's failure. Cancelling the future interrupts it too.
     */
    public CompletableFuture<Void> launch(Task task) {
        return Scopes.launch(connection, task);
    }

    /** Whether the server that this connection belongs to has been told to stop; false where no server is. */
    public boolean isDraining() {
        return Scopes.draining(connection);
    }

    /** Waits until the server of this connection is told to stop: time to say goodbye. */
    public void awaitDraining() throws IOException {
        Call.await(call -> Scopes.awaitDraining(connection, call));
    }

    @Override
    public StreamAddress local() {
        return connection.getLocal();
    }

    /** The peer's address: a value, fixed at accept or connect, readable after close. */
    public StreamAddress remote() {
        return connection.getRemote();
    }

    /** How many bytes have been taken from the kernel so far. */
    public long received() {
        return connection.getReceived();
    }

    /** How many bytes the kernel has taken so far. */
    public long sent() {
        return connection.getSent();
    }

    /** A call of one direction that is made over the loop. */
    <T> T over(Side side, Call.Suspending function) throws IOException {
        Call.begin();
        boolean here = side.enter();
        try {
            return side == receiving ? after(function) : Call.await(function);
        } finally {
            if (here) side.leave();
        }
    }

    private <T> T after(Call.Suspending function) throws IOException {
        Promise<ByteString, Bytes> before = given;
        if (before != null) before.awaitOver();
        return Call.await(function);
    }

    private CompletableFuture<Bytes> future(Side side, Call.Suspending function) {
        Call.Suspending overLoop = call -> {
            side.toLoop();
            return function.begin(call);
        };
        given = Promise.after(given, overLoop, Bytes::wrap, this::putBack);
        return given;
    }

    /** The side that receives. */
    Side receiving() {
        return receiving;
    }

    /** The side that sends. */
    Side sending() {
        return sending;
    }

    private void putBack(ByteString late) {
        if (late != null) Promise.begin(call -> connection.unread(late, call));
    }
}
