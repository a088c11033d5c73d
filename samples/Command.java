import static socketeer.java.Socketeer.net;
import static socketeer.java.Socketeer.tcp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import socketeer.java.Bytes;
import socketeer.java.Codecs;

/**
 * Command.java [[HOST:]PORT]: runs the command in a frame, if it is an allowed one, and answers with a frame: the MD5
 * of its output in hex, a line end, the output. Frames are 4 bytes with the length, the highest first, then at most 1
 * MiB. Port 9000 unless told otherwise.
 */
class Command {
    static final Map<String, List<String>> ALLOWED = new TreeMap<>(Map.of(
            "date", List.of("date"),
            "uptime", List.of("uptime"),
            "whoami", List.of("whoami"),
            "pwd", List.of("pwd"),
            "ls", List.of("ls"),
            "uname", List.of("uname", "-a"),
            "fail", List.of("ls", "/there/is/no/such/directory")));

    static final int MAX_OUTPUT = (1 << 20) - 64;

    public static void main(String[] args) throws Exception {
        net(net -> {
            var server = net.tcpServer(tcp(args.length > 0 ? args[0] : "9000"), peer -> {
                var commands = peer.framed(Codecs.lengthPrefixed());
                commands.forEach(command -> {
                    Bytes output = outputOf(command.text());
                    commands.send(Bytes.of(md5(output) + "\n").plus(output));
                });
            });
            System.out.println("listening on " + server.address());
        });
    }

    /** What {@code line} puts out, standard error included; what isn't allowed and what fails is put out as well. */
    static Bytes outputOf(String line) throws IOException, InterruptedException {
        List<String> words = ALLOWED.get(line.strip());
        if (words == null) {
            return Bytes.of("not allowed: " + line + "; allowed: " + String.join(" ", ALLOWED.keySet()) + "\n");
        }
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            var output = new ByteArrayOutputStream();
            output.writeBytes(process.getInputStream().readNBytes(MAX_OUTPUT));
            int code = process.waitFor();
            if (code != 0) output.writeBytes(("exit code " + code + "\n").getBytes());
            return Bytes.of(output.toByteArray());
        } finally {
            process.destroyForcibly();
        }
    }

    static String md5(Bytes bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes.toArray()));
    }
}
