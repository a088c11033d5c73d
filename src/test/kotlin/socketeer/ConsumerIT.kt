package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import java.io.File

/**
 * Somebody else's Java project in src/consumer, compiled against the jar and its runtime dependencies and nothing else,
 * without a warning, and run: on the class path and on the module path, on the oldest JDK and the newest.
 */
class ConsumerIT : FunSpec({
    val jar = File(Network::class.java.protectionDomain.codeSource.location.toURI())
    val path = (listOf(jar.path) + runtimeJars()).joinToString(":")
    val sources = File("src/consumer/src/main/java").walk().filter { it.extension == "java" }.map { it.path }.toList()

    test("it is the jar that is tried") { jar.name shouldBe "socketeer-0.1.0.jar" }

    for (feature in listOf(17, 25)) {
        val jdk = Jdk.find(feature)
        val install = if (jdk == null) " (install one and name it in JAVA_HOME_$feature)" else ""

        test("JDK $feature, class path$install").config(enabled = jdk != null) {
            val classes = tempdir().path
            val plain = sources.filterNot { it.endsWith("module-info.java") }.toTypedArray()
            jdk!!.run("javac", "--release", "17", "-Xlint:all", "-Werror", "-cp", path, "-d", classes, *plain) shouldBe
                Ended(0, "")
            jdk.run("java", "-cp", "$classes:$path", "consumer.Main") shouldBe Ended(0, "unnamed module: all well\n")
        }

        test("JDK $feature, module path$install").config(enabled = jdk != null) {
            val classes = tempdir().path
            jdk!!.run(
                "javac", "--release", "17", "-Xlint:all", "-Werror", "-p", path, "-d", classes, *sources.toTypedArray(),
            ) shouldBe Ended(0, "")
            jdk.run("java", "-p", "$classes:$path", "-m", "consumer/consumer.Main") shouldBe
                Ended(0, "module consumer: all well\n")
        }
    }
})
