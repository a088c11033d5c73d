package socketeer.java;

import java.io.IOException;
import java.time.Duration;
import socketeer.StreamAddress;

/** A stream socket that has its address and nothing else yet: between bind and listen, or connect. */
public final class BoundSocket extends Socket {
    private final socketeer.BoundSocket socket;
    private final Limits limits;

    BoundSocket(socketeer.BoundSocket socket, Limits limits) {
        super(socket);
        this.socket = socket;
        this.limits = limits;
    }

    /** Starts to listen; this socket becomes the listener and must not be used again. */
    public Listener listen() throws IOException {
        return listen(limits.backlog());
    }

    /** Starts to listen with room for {@code backlog} connections that wait to be accepted, 1 or more. */
    public Listener listen(int backlog) throws IOException {
        return new Listener(Call.await(call -> socket.listen(backlog, call)));
    }

    /** Connects from this address; this socket becomes the connection and must not be used again. */
    public Connection connect(StreamAddress address) throws IOException {
        return connect(address, limits.connect());
    }

    /** The same within {@code timeout}. */
    public Connection connect(StreamAddress address, Duration timeout) throws IOException {
        return new Connection(Call.await(call -> Sockets.connect(socket, address, timeout, call)));
    }

    @Override
    public StreamAddress local() {
        return socket.getLocal();
    }
}
