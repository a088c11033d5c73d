package socketeer.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** The JDKs of this machine. */
final class Jdks {
    /** The first whose virtual threads are not pinned by {@code synchronized}. */
    static final int MODERN = 24;

    private static final Pattern VERSION = Pattern.compile("JAVA_VERSION=\"(\\d+)[^\"]*\"");

    static Path current() {
        return Path.of(System.getProperty("java.home"));
    }

    /** One with virtual threads: this one, the one {@code JAVA_HOME_25} names, or one installed beside this one. */
    static Optional<Path> modern() throws IOException {
        if (Runtime.version().feature() >= MODERN) return Optional.of(current());
        String named = System.getenv("JAVA_HOME_25");
        if (named != null) return Optional.of(Path.of(named));
        try (var beside = Files.newDirectoryStream(current().toRealPath().getParent())) {
            for (var home : beside) {
                if (feature(home) >= MODERN) return Optional.of(home);
            }
        }
        return Optional.empty();
    }

    static String version(Path home) throws IOException {
        return home.equals(current()) ? Runtime.version().toString() : String.valueOf(feature(home));
    }

    private static int feature(Path home) throws IOException {
        var release = home.resolve("release");
        if (!Files.isExecutable(home.resolve("bin/java")) || !Files.isRegularFile(release)) return 0;
        var version = VERSION.matcher(Files.readString(release));
        return version.find() ? Integer.parseInt(version.group(1)) : 0;
    }

    private Jdks() {}
}
