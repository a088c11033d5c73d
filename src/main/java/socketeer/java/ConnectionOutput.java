package socketeer.java;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import socketeer.Direction;

/** What goes over a connection, for code that writes streams. */
final class ConnectionOutput extends OutputStream {
    private final Connection connection;

    ConnectionOutput(Connection connection) {
        this.connection = connection;
    }

    @Override
    public void write(int octet) throws IOException {
        connection.send(new byte[] {(byte) octet});
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
        connection.send(ByteBuffer.wrap(bytes, offset, count));
    }

    @Override
    public void close() throws IOException {
        if (connection.isOpen()) connection.shutdown(Direction.WRITE);
    }
}
