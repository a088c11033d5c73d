package socketeer.java;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import kotlin.coroutines.Continuation;
import socketeer.DatagramAddress;

/**
 * A socket for datagrams to and from anybody: what {@code bind(udp(…))} gives.
 *
 * <p>One thread at a time may receive, another is told {@link socketeer.BusyException} at once; any number may send. An
 * interrupted receive loses no datagram. The fault of one call is that call's alone, the socket lives on.
 */
public final class DatagramSocket extends Socket {
    final socketeer.DatagramSocket socket;

    /** Those that came for a future which nobody waited for any more. */
    private final ConcurrentLinkedQueue<socketeer.Datagram> late = new ConcurrentLinkedQueue<>();

    /** The last future of a receive; the next receive begins when, if that was given up, it is over. */
    private volatile Promise<socketeer.Datagram, Datagram> given;

    DatagramSocket(socketeer.DatagramSocket socket) {
        super(socket);
        this.socket = socket;
    }

    /** The next datagram, whole. */
    public Datagram recvfrom() throws IOException {
        settle();
        return Sockets.datagram(Call.await(this::next));
    }

    /** {@link #recvfrom()} as a future. */
    public CompletableFuture<Datagram> recvfromAsync() {
        given = Promise.after(given, this::next, Sockets::datagram, late::add);
        return given;
    }

    private void settle() {
        Promise<socketeer.Datagram, Datagram> before = given;
        if (before != null) before.awaitOver();
    }

    private Object next(Continuation<Object> call) {
        socketeer.Datagram first = late.poll();
        return first != null ? first : socket.recvfrom(call);
    }

    /**
     * Receives the next datagram into {@code buffer} at its position and gives where it came from.
     *
     * @throws socketeer.TooLargeException without enough room: nothing is cut off, it can be received still
     */
    public DatagramAddress recvfromInto(ByteBuffer buffer) throws IOException {
        settle();
        socketeer.Datagram first = late.peek();
        if (first == null) return Call.await(call -> socket.recvfromInto(buffer, call));
        Sockets.put(first.getData(), buffer, this);
        late.poll();
        return first.getFrom();
    }

    /**
     * Sends {@code data}, perhaps nothing, as one datagram; returns when the kernel has it, which doesn't say that it
     * arrives.
     *
     * @throws socketeer.TooLargeException more than 65,507 bytes, or than the kernel takes
     * @throws socketeer.DeniedException to a broadcast address without {@link Option#Broadcast}
     */
    public void sendto(Bytes data, DatagramAddress to) throws IOException {
        sendto(data.array(), to);
    }

    /** Sends {@code data}, which must not change until this returns, as one datagram. */
    public void sendto(byte[] data, DatagramAddress to) throws IOException {
        Call.await(call -> socket.sendto(data, to, call));
    }

    /** Sends {@code text} as UTF-8 in one datagram. */
    public void sendto(String text, DatagramAddress to) throws IOException {
        sendto(text.getBytes(StandardCharsets.UTF_8), to);
    }

    /** Sends what remains in {@code buffer} as one datagram. */
    public void sendto(ByteBuffer buffer, DatagramAddress to) throws IOException {
        Call.await(call -> socket.sendto(buffer, to, call));
    }

    /** {@link #sendto(Bytes, DatagramAddress)} as a future. */
    public CompletableFuture<Void> sendtoAsync(Bytes data, DatagramAddress to) {
        return Promise.begin(call -> socket.sendto(data.array(), to, call));
    }

    /** Connects to {@code address}; this socket becomes the connected one and must not be used again. */
    public DatagramConnection connect(DatagramAddress address) throws IOException {
        return new DatagramConnection(Call.await(call -> socket.connect(address, call)));
    }

    /** Takes part in the multicast {@code group}, heard through the system's choice of interface. */
    public void join(String group) throws IOException {
        join(group, null, null);
    }

    /** The same through the interface {@code via}, and only what comes from {@code source}; either may be null. */
    public void join(String group, String via, String source) throws IOException {
        Call.await(call -> socket.join(group, via, source, call));
    }

    /** Undoes {@link #join(String)}. */
    public void leave(String group) throws IOException {
        leave(group, null, null);
    }

    /** Undoes {@link #join(String, String, String)} with the same arguments. */
    public void leave(String group, String via, String source) throws IOException {
        Call.await(call -> socket.leave(group, via, source, call));
    }

    @Override
    public DatagramAddress local() {
        return socket.getLocal();
    }
}
