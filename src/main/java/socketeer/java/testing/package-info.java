/** The laws of {@link socketeer.testing} for codecs written in Java, from JUnit or anything else that runs tests. */
package socketeer.java.testing;
